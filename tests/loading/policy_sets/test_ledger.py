"""The key `ledger` of policy sets: where decisions are recorded, and what a layer may not do about that."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from policy.app.set_diff.halves import Whole
from policy.app.set_diff.settings import compare_settings
from policy.app.set_view import view_policy_set
from policy.app.trusted.comparison import compare_policy_sets
from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.gates.cli.set_text import write_json, write_text
from policy.language.identity import digest_policy_set
from policy.model.gates import GATES
from policy.model.ledger_settings import LedgerSettings

POLICY = """\
policy: rows
title: Rows
severity: low
require: {data.rows: {at_least: 5}}
effect: %s
"""
FILE = "sqlite:///ledger.db"
SERVER = "postgresql://ledger.acme.example/policy"


@pytest.fixture
def load(write):
    """The policy set of the last of some layers, each of which extends the one before; texts of their `ledger`."""

    def read(*layers, first="", effect="flag"):
        files = {"shared/data/rows.yaml": POLICY % effect}
        for number, ledger in enumerate(layers):
            head = f"extends: [../l{number - 1}]\n" if number else f"policies: [../shared]\n{first}"
            key = "" if ledger is None else f"ledger: {ledger}\n"
            files[f"l{number}/policy.yaml"] = f"policy_set: 1\n{head}{key}"
        root = write(files)
        return open_workspace(str(root), str(root / f"l{len(layers) - 1}" / "policy.yaml")).policy_set

    return read


@pytest.fixture
def refuse(load):
    def read(*layers, **options):
        with pytest.raises(PolicyError) as refusal:
            load(*layers, **options)
        assert all(problem.remedy and problem.location for problem in refusal.value.problems)
        return list(refusal.value.problems)

    return read


@pytest.mark.parametrize(
    ("text", "url", "gates", "spool"),
    [
        (FILE, FILE, GATES, ""),
        ("sqlite:////var/lib/policy/ledger.db", "sqlite:////var/lib/policy/ledger.db", GATES, ""),
        (SERVER, SERVER, GATES, ""),
        ("postgresql://judge@ledger.acme.example:5433/policy?sslmode=verify-full", None, GATES, ""),
        ("postgresql:///policy", None, GATES, ""),
        ("postgresql://?service=ledger", None, GATES, ""),
        (f"{{url: '{FILE}'}}", FILE, GATES, ""),
        (f"{{url: '{SERVER}', gates: [release, ci]}}", SERVER, ("ci", "release"), ""),
        (f"{{url: '{SERVER}', gates: [run], spool: waiting}}", SERVER, ("run",), "waiting"),
    ],
)
def test_it_is_an_address_or_a_mapping(load, tmp_path, text, url, gates, spool):
    policy_set = load(text)
    assert policy_set.ledger == LedgerSettings(url or text, gates, spool)
    assert policy_set.ledger.folder == str(tmp_path / "l0")
    assert policy_set.ledger.location.line == 3
    assert policy_set.has_ledger
    assert [gate for gate in GATES if policy_set.ledger.covers(gate)] == [gate for gate in GATES if gate in gates]


def test_in_a_project_file_too(write):
    root = write({"pyproject.toml": f'[tool.policy]\npolicy_set = 1\nledger = {{url = "{FILE}", gates = ["ci"]}}\n'})
    assert open_workspace(str(root)).policy_set.ledger == LedgerSettings(FILE, ("ci",))


@pytest.mark.parametrize("text", [None, "", "null"])
def test_nothing_said_is_no_ledger(load, text):
    assert load(text).ledger is None
    assert not load(text).has_ledger


def test_a_ledger_changes_the_digest_and_where_it_is_does_not(load):
    digests = [digest_policy_set(load(text)) for text in (None, FILE, SERVER)]
    assert digests[1] == digests[2] != digests[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]", "needs an address or a mapping"),
        ("ledger.db", "no known form: it"),
        ("mysql://h/d", "no known form: mysql"),
        ("postgres://h/d", "no known form: postgres"),
        ("postgresql+psycopg://h/d", "no known form: postgresql+psycopg"),
        ("sqlite:///", "names no file"),
        ("sqlite://ledger.db", "no known form: sqlite"),
        ("sqlite:///a/", "names no file"),
        ("'sqlite:///a?mode=memory'", "names no file"),
        ('"sqlite:///a\\0b"', "no address has"),
        ("postgresql://h", "names no database"),
        ("postgresql://h/", "names no database"),
        ("'postgresql://h:x/d'", "cannot be read"),
        ("postgresql://judge:hunter2hunter2@h/d", "holds a password"),
        ("'postgresql://h/d?password=hunter2hunter2'", "holds a password"),
        ("judge:hunter2hunter2@h/d", "no known form: it"),
        ("{gates: [ci]}", "not said where the ledger is"),
        (f"{{url: '{FILE}', gates: []}}", "no gate records"),
        (f"{{url: '{FILE}', gates: [deploy]}}", "`deploy` is not one of"),
        (f"{{url: '{FILE}', gates: ci}}", "needs a list"),
        (f"{{url: '{FILE}', spool: ''}}", "is empty"),
        (f"{{url: '{FILE}', gate: [ci]}}", "no key under `ledger` `gate`"),
        ("{url: [a]}", "`ledger.url` is a list"),
    ],
)
def test_what_is_wrong_is_said_and_no_password_repeated(refuse, text, said):
    (problem,) = refuse(text)
    assert said in problem.message
    assert "hunter2" not in str(problem)


def test_a_layer_above_inherits_and_may_say_the_same_again(load):
    for above in (None, "", SERVER, f"{{url: '{SERVER}', gates: [ci]}}"):
        policy_set = load(SERVER, above)
        assert policy_set.ledger == LedgerSettings(SERVER)
        assert policy_set.ledger.location.file == "l0/policy.yaml"


def test_a_layer_adds_gates_and_takes_none_away(load):
    first = f"{{url: '{SERVER}', gates: [ci]}}"
    assert load(first, "{gates: [release]}").ledger.gates == ("ci", "release")
    assert load(first, "{gates: [ci]}").ledger.gates == ("ci",)
    assert load(first, "{gates: [release]}", "{gates: [run, ci]}").ledger.gates == ("ci", "run", "release")
    assert load(SERVER, "{gates: [ci]}").ledger.gates == GATES


@pytest.mark.parametrize("other", ["postgresql://elsewhere.example/policy", "sqlite:///mine.db"])
def test_a_layer_cannot_name_another_ledger(refuse, other):
    (problem,) = refuse(SERVER, other)
    assert "another ledger is named" in problem.message
    assert problem.location.file == "l1/policy.yaml"
    assert problem.related[0][1].file == "l0/policy.yaml"


def test_a_relative_path_in_another_folder_is_another_ledger(refuse, load):
    assert "another ledger" in refuse(FILE, FILE)[0].message
    whole = "sqlite:////var/ledger.db"
    assert load(whole, whole).ledger == LedgerSettings(whole)


def test_a_layer_cannot_lead_the_spool_elsewhere(refuse, load):
    assert "another spool" in refuse(SERVER, "{spool: mine}")[0].message
    assert "another spool" in refuse(f"{{url: '{SERVER}', spool: a}}", "{spool: b}")[0].message
    assert load(f"{{url: '{SERVER}', spool: a}}", "{spool: a}").ledger.spool == "a"


def test_whose_final_policy_holds_says_who_can_approve(refuse, load):
    (problem,) = refuse(None, FILE, first="final: [rows]\n", effect="hold")
    assert "a ledger of this policy set would decide who can approve what is held" in problem.message
    assert problem.related[0][1].file == "l0/policy.yaml"
    # An unknown outcome of what blocks is held.
    assert refuse(None, FILE, first="final: [rows]\n", effect="block")
    assert load(None, FILE, first="final: [rows]\n", effect="flag").ledger is not None
    assert load(FILE, None, first="final: [rows]\n", effect="hold").ledger is not None
    assert load(None, FILE, effect="hold").ledger is not None


def test_a_bundle_names_no_file_beside_itself(write):
    from policy.loading.bundles.content import digest_files

    text = f"policy_set: 1\nledger: {FILE}\n"
    digest = digest_files({"policy.yaml": text.encode()}).removeprefix("sha256:")
    root = write({"org/policy.yaml": text, "policy.yaml": f"policy_set: 1\nextends: ['./org#sha256={digest}']\n"})
    with pytest.raises(PolicyError, match="would lie where the bundle is kept"):
        open_workspace(str(root))


def test_it_is_shown(load):
    policy_set = load(f"{{url: '{SERVER}', gates: [ci]}}", "{gates: [release]}")
    view = view_policy_set(policy_set, "ci", date(2026, 11, 20))
    text = write_text(view, policy_set, "ci", str)
    assert f"url         {SERVER}  (l0/policy.yaml:3)" in text
    assert "gates       ci, release  (l1/policy.yaml:3)" in text
    document = json.loads(write_json(view, policy_set, "ci", str))
    assert document["ledger"]["url"] == {"value": SERVER, "set_at": "l0/policy.yaml:3:15"}
    assert document["ledger"]["spool"] == {"value": None, "set_at": None}
    without = load(None)
    shown = view_policy_set(without, "ci", date(2026, 11, 20))
    assert json.loads(write_json(shown, without, "ci", str))["ledger"] is None
    assert "\nledger\n" not in write_text(shown, without, "ci", str)


def test_another_ledger_is_a_change_of_the_policy_set(load):
    without, before, after = (load(text) for text in (None, FILE, SERVER))
    changed = compare_policy_sets(before, after)
    assert changed is not None
    assert changed.settings == ("ledger",)
    assert compare_policy_sets(before, load(FILE)) is None
    for pair in ((without, before), (before, after)):
        changes = compare_settings((Whole(pair[0], str), Whole(pair[1], str)))
        assert [change.key for change in changes] == ["ledger"]


def test_the_folder_is_the_files_own(write):
    root = write({"set/policy.yaml": f"policy_set: 1\nledger: {FILE}\n"})
    policy_set = open_workspace(str(root), str(root / "set" / "policy.yaml")).policy_set
    assert policy_set.ledger is not None
    assert Path(policy_set.ledger.folder) == root / "set"
