"""The key `evidence` of policy sets: limits that layers can only raise, and the tracking server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from policy.app.workspace import open_workspace
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.model.evidence_settings import DEFAULT_EVIDENCE, EvidenceSettings
from policy.model.policy import PolicySet

RULES = {
    "shared/data/rows.yaml": """\
policy: rows
title: Rows
severity: low
require: {data.rows: {at_least: 5}}
effect: flag
""",
    "shared/data/gain.yaml": """\
policy: gain
title: Gain
severity: low
require: {evaluation.gain_low: {at_least: 0}}
effect: flag
""",
}
MINUTE = 60_000
HERE, THERE = "https://mlflow.acme.example", "https://mlflow.elsewhere.example/team"
Layers = Callable[..., Any]


@pytest.fixture
def load(write) -> Layers:
    """The policy set of the last of some layers, each of which extends the one before; texts of their `evidence`."""

    def read(*layers: str | None, first: str = "") -> PolicySet:
        files = dict(RULES)
        for number, evidence in enumerate(layers):
            head = f"extends: [../l{number - 1}]\n" if number else f"policies: [../shared]\n{first}"
            key = "" if evidence is None else f"evidence: {evidence}\n"
            files[f"l{number}/policy.yaml"] = f"policy_set: 1\n{head}{key}"
        root = write(files)
        return open_workspace(str(root), str(root / f"l{len(layers) - 1}" / "policy.yaml")).policy_set

    return read


@pytest.fixture
def refuse(load) -> Layers:
    def read(*layers: str | None, first: str = "") -> list[Problem]:
        with pytest.raises(PolicyError) as refusal:
            load(*layers, first=first)
        assert all(problem.remedy and problem.level == "error" for problem in refusal.value.problems)
        return list(refusal.value.problems)

    return read


def test_without_the_key_the_limits_are_generous(load, tmp_path):
    assert load(None).evidence is DEFAULT_EVIDENCE
    assert EvidenceSettings(10 * MINUTE, 50 * 10**9, "") == DEFAULT_EVIDENCE
    assert open_workspace(str(tmp_path / "nothing")).policy_set.evidence is DEFAULT_EVIDENCE


@pytest.mark.parametrize("empty", ["", "{}"])
def test_an_empty_key_says_nothing(load, empty):
    assert load(empty).evidence is DEFAULT_EVIDENCE


def test_a_policy_set_says_what_holds(load):
    policy_set = load(f"{{time_limit: 2min, size_limit: 8 GiB, mlflow: {HERE}/}}")
    assert policy_set.evidence == EvidenceSettings(2 * MINUTE, 8 << 30, HERE)
    assert str(policy_set.places["evidence", "size_limit", ""]) == "l0/policy.yaml:3:42"
    assert policy_set.loosenings == ()


@pytest.mark.parametrize(
    ("layers", "minutes"),
    [
        # The base may say less than the default: that is its own matter.
        (["{time_limit: 2min}"], 2),
        (["{time_limit: 2min}", None], 2),
        (["{time_limit: 2min}", "{time_limit: 1min}"], 2),
        (["{time_limit: 2min}", "{time_limit: 3min}"], 3),
        (["{time_limit: 2min}", "{time_limit: 3min}", "{time_limit: 2min}"], 3),
        # Where it says nothing, it says the default.
        ([None, "{time_limit: 2min}"], 10),
        (["{}", "{time_limit: 2min}"], 10),
        ([None, "{time_limit: 1h}"], 60),
        ([None, "{time_limit: 1h}", "{time_limit: 1ms}"], 60),
        (["{size_limit: 1 GB}", "{time_limit: 2min}"], 10),
    ],
)
def test_a_layer_can_raise_a_limit_and_not_lower_it(load, layers, minutes):
    policy_set = load(*layers)
    assert policy_set.evidence.time_limit == minutes * MINUTE
    assert policy_set.loosenings == ()


def test_what_counts_comes_from_who_said_it(load):
    places = load("{time_limit: 20min}", "{time_limit: 5min}", "{size_limit: 60 GB}").places
    assert str(places["evidence", "time_limit", ""]) == "l0/policy.yaml:3:24"
    assert str(places["evidence", "size_limit", ""]) == "l2/policy.yaml:3:24"


@pytest.mark.parametrize(
    ("evidence", "message", "remedy"),
    [
        ("10min", "`evidence` needs a mapping", "write `evidence: {time_limit: 10min, size_limit: 50 GB}`"),
        ("[time_limit]", "`evidence` needs a mapping", "write `evidence: {time_limit: 10min, size_limit: 50 GB}`"),
        ("{timelimit: 5min}", "there is no key under `evidence` `timelimit`", "write `time_limit`"),
        ("{time_limit: 600}", "`evidence.time_limit`: `600` is a number without a unit where a duration is needed", ""),
        ("{time_limit: 0s}", "`evidence.time_limit` is nothing at all", "raise it, or leave the line out"),
        ("{size_limit: 0 GB}", "`evidence.size_limit` is nothing at all", "raise it, or leave the line out"),
        ("{size_limit: 50}", "`evidence.size_limit`: `50` is not a size", ""),
        ("{size_limit: [50 GB]}", "`evidence.size_limit` is a list where a size, such as 50 GB is needed", ""),
        ("{time_limit: }", "`evidence.time_limit` is empty where a duration, such as 30d is needed", ""),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(refuse, evidence, message, remedy):
    (problem,) = refuse(evidence)
    assert problem.message == message
    assert remedy in problem.remedy
    assert problem.location.line == 3


@pytest.mark.parametrize(
    "address",
    [
        "mlruns",
        "file:///srv/mlruns",
        "sqlite:///mlflow.db",
        "databricks",
        "ftp://h",
        "http://",
        "'http://['",
        "http://h:port",
        "'http://h h'",
        "'http://h/\\u00e9'".replace("'", '"'),
        '"http://h/\\u0000"',
        "javascript:alert(1)",
    ],
)
def test_only_a_web_address_is_one(refuse, address):
    (problem,) = refuse(f"{{mlflow: {address}}}")
    assert problem.message == "`evidence.mlflow`: this is no http or https address"


@pytest.mark.parametrize("address", ["https://ada:s3cr3t@h", "https://ada@h", "https://:s3cr3t@h"])
def test_credentials_are_refused_and_not_repeated(refuse, address):
    (problem,) = refuse(f"{{mlflow: '{address}'}}")
    assert problem.message == "`evidence.mlflow`: the address holds a user's name or a password"
    assert "MLFLOW_TRACKING_TOKEN" in problem.remedy
    assert "s3cr3t" not in str(problem)


@pytest.mark.parametrize("address", ["https://h?a=1", "https://h/#a", "https://h?", "https://h/#"])
def test_an_address_ends_with_its_path(refuse, address):
    (problem,) = refuse(f"{{mlflow: '{address}'}}")
    assert problem.message == "`evidence.mlflow`: the address goes on behind its path"


# The server in layers


def test_the_last_word_counts_and_is_reported(load):
    policy_set = load(f"{{mlflow: {HERE}}}", f"{{mlflow: {THERE}}}")
    assert policy_set.evidence.mlflow == THERE
    (warning,) = policy_set.loosenings
    assert warning.message == f"runs are asked of another tracking server than `{HERE}`"
    assert str(warning.location) == "l1/policy.yaml:3:20"
    assert [(label, str(place)) for label, place in warning.related] == [
        ("it takes the place of", "l0/policy.yaml:3:20")
    ]


@pytest.mark.parametrize("first", [f"{{mlflow: {HERE}}}", None])
def test_no_layer_chooses_the_server_of_a_final_policy(refuse, first):
    (problem,) = refuse(first, f"{{mlflow: {THERE}}}", first="final: [gain]\n")
    assert problem.message == "another tracking server can change what is known, and `gain` is final"
    assert str(problem.location) == "l1/policy.yaml:3:20"
    assert [(label, str(place)) for label, place in problem.related] == [("`gain` is made final", "l0/policy.yaml:3:9")]


def test_the_same_server_and_one_that_no_final_policy_asks_are_no_matter(load):
    same = load(f"{{mlflow: {HERE}}}", f"{{mlflow: {HERE}}}", first="final: [gain]\n")
    assert (same.evidence.mlflow, same.loosenings) == (HERE, ())
    assert load(None, f"{{mlflow: {THERE}}}", first="final: [rows]\n").evidence.mlflow == THERE


def test_what_is_observed_and_how_is_no_part_of_the_digest(load):
    # What it changes is in the facts.
    digests = {digest_policy_set(load(key)) for key in (None, "{time_limit: 1h}", f"{{mlflow: {HERE}}}")}
    assert len(digests) == 1
