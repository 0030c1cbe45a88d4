"""Dated tables in the command: what licences restrict, who takes jobs on a day, and tables that grow old."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Plant, Policy

MANIFEST = """\
manifest: 1
project: tone
approach: fine-tuning
system: {use: commercial}
model: {base: gpt-4o-mini, license: cc-by-nc-4.0, provider: openai}
training: {tool: openai}
"""


def write_policy(name: str, require: str) -> str:
    return f"policy: {name}\ntitle: {name}\nseverity: high\nrequire: {{{require}}}\neffect: block\n"


FILES = {
    "ml-manifest.yaml": MANIFEST,
    "policies/own/license.yaml": write_policy("license", "model.license_terms: {contains_none: [non-commercial]}"),
    "policies/own/available.yaml": write_policy("available", "provider.available: true"),
    "policies/own/stays.yaml": write_policy("stays", "not: {model.retires: {at_most: {now: 180d}}}"),
    "policies/own/fresh.yaml": write_policy("fresh", "evidence.stale_tables: 0"),
    "policies/own/compute.yaml": write_policy("compute", "training.compute_share: {at_most: 0.33}"),
    "policy.yaml": "policy_set: 1\npolicies: [policies]\n",
}
Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(plant: Plant, policy: Policy) -> Check:
    """The only decision about the project, as JSON, on a day."""

    def decide(day: str, files: Mapping[str, str] | None = None) -> dict[str, Any]:
        plant({**FILES, **(files or {})})
        result = policy("check", "--output", "json", "--effective-time", day)
        assert result.code in (0, 1), result.err
        (decision,) = json.loads(result.out)["decisions"]
        found: dict[str, Any] = decision
        return found

    return decide


def outcomes(decision: dict[str, Any]) -> dict[str, str]:
    return {outcome["policy"]: outcome["outcome"] for outcome in decision["outcomes"]}


def test_a_licence_that_allows_no_commerce_blocks_a_commercial_use(plant, policy):
    plant(FILES)
    result = policy("check", "--effective-time", "2026-11-20")
    assert result.code == 1
    assert "block[license]: model.license_terms is non-commercial (declared)" in result.out
    assert "ml-manifest.yaml:5:37" in result.out
    assert "derived from model.license, the table of licenses" in " ".join(result.out.split())


@pytest.mark.parametrize(
    ("day", "available", "stays", "fresh"),
    [
        ("2026-01-01", "pass", "pass", "pass"),
        ("2026-05-06", "pass", "pass", "pass"),
        ("2026-05-07", "unknown", "pass", "pass"),
        ("2026-11-20", "unknown", "fail", "pass"),
        ("2027-01-06", "fail", "fail", "pass"),
        ("2027-02-18", "fail", "fail", "pass"),
        ("2027-02-19", "fail", "fail", "fail"),
    ],
)
def test_the_effective_time_moves_what_the_tables_say(check, day, available, stays, fresh):
    found = outcomes(check(day))
    assert (found["available"], found["stays"], found["fresh"]) == (available, stays, fresh)


def test_an_organisations_table_changes_the_decision_and_its_basis(check):
    before = check("2026-11-20")
    own = {
        "policy.yaml": "policy_set: 1\npolicies: [policies]\ntables: {licenses: tables/ours.yaml}\n",
        "tables/ours.yaml": "table: 1\nrows: {cc-by-nc-4.0: {terms: [], source: our contract, date: 2026-11-01}}\n",
    }
    after = check("2026-11-20", own)
    assert (outcomes(before)["license"], outcomes(after)["license"]) == ("fail", "pass")
    changed = {
        key for key in ("tables", "basis", "id", "subject", "evidence", "policy_set") if before[key] != after[key]
    }
    assert changed == {"tables", "basis", "id"}
    # The same table again is the same decision.
    assert check("2026-11-20", own) == after


def test_what_was_not_read_changes_the_basis_as_well(check):
    """A decision names every table in force, so that nobody has to find out which of them could have changed it."""
    before = check("2026-11-20")
    own = {
        "policy.yaml": "policy_set: 1\npolicies: [policies]\ntables: {prices: prices.yaml}\n",
        "prices.yaml": "table: 1\nrows: {}\n",
    }
    after = check("2026-11-20", own)
    assert outcomes(before) == outcomes(after)
    assert before["basis"] != after["basis"]


def test_what_is_missing_behind_a_derived_fact_is_named(check):
    (missing,) = [item for item in check("2026-11-20")["not_assessed"] if item["policy"] == "compute"]
    assert missing["missing"] == ["training.compute_share"]
    assert missing["settle"] == (
        "training.compute_share cannot be stated; of what it follows from, model.parameters, data.tokens, "
        "training.epochs and training.adapter are not known"
    )


def test_a_broken_table_is_an_error_of_input(plant, policy):
    plant({**FILES, "policy.yaml": "policy_set: 1\npolicies: [policies]\ntables: {models: models.yaml}\n"})
    plant({"models.yaml": "table: 1\nrows:\n  acme/one: {retires: soon, source: a page, date: 2026-11-20}\n"})
    result = policy("check")
    assert result.code == 2
    assert "models.yaml:3:23" in result.err
    assert "`acme/one.retires`: `soon` is not a date" in result.err


def test_tables_of_a_policy_set_in_a_folder_below(plant, policy):
    """Paths are relative to the policy set, and problems name the file from the repository's root."""
    plant({"ci/policies/own/license.yaml": FILES["policies/own/license.yaml"], "ml-manifest.yaml": MANIFEST})
    plant({"ci/policy.yaml": "policy_set: 1\npolicies: [policies]\ntables: {licenses: own/licenses.yaml}\n"})
    plant({"ci/own/licenses.yaml": "table: 1\nrows: {a: {}}\n"})
    result = policy("check", "--config", "ci/policy.yaml")
    assert result.code == 2
    assert result.err.count("ci/own/licenses.yaml:2:8") == 3
