"""An organisation's, a team's and a project's policy set, as three real files, and what a project meets."""

from __future__ import annotations

import json

import pytest

CITED = """\
policy: cited
title: Answers cite what they rest on
severity: high
when: {approach: rag}
require: {needs.citations: true}
effect: {ci: block, default: flag}
fix: Let answers cite.
cases: []
"""
ROWS = """\
policy: enough-rows
title: Enough examples
severity: medium
when: {approach: fine-tuning}
require: {data.rows: {at_least: {param: fewest}}}
params: {fewest: {default: 100, about: The fewest examples}}
effect: {ci: block, default: flag}
fix: Add examples.
cases: []
"""
ORGANISATION = "policy_set: 1\nname: acme\npolicies: [policies]\nfinal: [cited]\n"
TEAM = """\
policy_set: 1
extends: [../../acme]
params: {enough-rows.fewest: 50}
from: {enough-rows: 2027-01-01}
effects: {cited: {ci: block, default: hold}}
"""
PROJECT = "policy_set: 1\nextends: [../../team/policies.yaml]\nmodes: {enough-rows: flag}\n"
FILES = {
    "acme/policy.yaml": ORGANISATION,
    "acme/policies/data/cited.yaml": CITED,
    "acme/policies/data/enough-rows.yaml": ROWS,
    "team/policies.yaml": TEAM.replace("../../acme", "../acme"),
    "work/project/policy.yaml": PROJECT,
    "work/project/.git/HEAD": "",
    "work/project/ml-manifest.yaml": "manifest: 1\nproject: a\napproach: rag\nneeds: {citations: false}\n",
    "work/project/tuned/ml-manifest.yaml": "manifest: 1\nproject: b\napproach: fine-tuning\ndata: {rows: 20}\n",
}


@pytest.fixture
def project(plant, policy):
    """Calls the command in the project, which is a repository of its own."""
    folder = plant(FILES) / "work" / "project"
    return lambda *arguments, **options: policy(*arguments, folder=folder, **options)


def read_outcomes(result):
    outcomes = (
        (outcome["policy"], outcome["effect"], outcome["note"])
        for line in json.loads(result.out)["decisions"]
        for outcome in line["outcomes"]
        if outcome["outcome"] == "fail"
    )
    return sorted(outcomes)


def test_three_layers_judge_together(project):
    result = project("check", "--gate", "ci", "--effective-time", "2026-12-31", "--output", "json")
    assert read_outcomes(result) == [
        ("cited", "block", ""),
        ("enough-rows", "flag", "in force from 2027-01-01; the mode is flag"),
    ]
    assert result.code == 1
    after = project("check", "tuned", "--gate", "ci", "--effective-time", "2027-01-01", "--output", "json")
    assert read_outcomes(after) == [("enough-rows", "flag", "the mode is flag")]
    assert after.code == 0


def test_what_is_loosened_is_said_once_at_every_check(project):
    result = project("check", "--jobs", "2")
    # Before them stands that this is no real repository.
    assert result.headlines[1:] == [
        "warning: ../../team/policies.yaml:3:30: `enough-rows.fewest` goes from 100 to 50, which loosens the policy",
        "warning: ../../team/policies.yaml:4:21: `enough-rows` acts in full from 2027-01-01 instead of at once",
        "warning: policy.yaml:3:22: the mode of `enough-rows` falls from enforce to flag",
    ]
    assert result.code == 0


def test_the_set_in_force_names_every_file(project):
    shown = project("set", "show", "--gate", "ci", "--effective-time", "2026-12-31")
    assert shown.out.startswith("acme at the gate ci\n")
    assert "  ../../acme/policy.yaml\n  ../../team/policies.yaml\n  policy.yaml\n" in shown.out
    assert "  final       yes  (../../acme/policy.yaml:4)" in shown.out
    assert "  fewest      50  (../../team/policies.yaml:3)" in shown.out
    assert (shown.code, shown.err) == (0, "")


@pytest.mark.parametrize("command", [["check"], ["list"], ["set", "show"], ["explain", "cited"]])
def test_a_project_cannot_loosen_what_is_final(project, plant, command):
    plant({"work/project/policy.yaml": f"{PROJECT}effects: {{cited: {{ci: flag}}}}\nwithout: [cited]\n"})
    result = project(*command)
    # What is left out has no effect to compare.
    assert result.headlines == ["error: policy.yaml:5:11: `cited` is left out, and the policy is final"]
    assert "  note: `cited` is made final: ../../acme/policy.yaml:4:9" in result.err
    assert (result.code, result.out) == (2, "")


def test_a_base_that_is_gone_is_no_pass(project, tmp_path):
    (tmp_path / "acme" / "policy.yaml").unlink()
    result = project("check")
    assert result.headlines == ["error: ../../team/policies.yaml:2:11: the folder `../acme` holds no policy set"]
    assert "  note: `policy.yaml` is extended through: policy.yaml:2:11" in result.err
    assert result.code == 2


def test_no_report_takes_the_place_of_a_layer(project, tmp_path):
    result = project("check", "--output", "json=../../acme/policy.yaml")
    assert result.code == 2
    assert (tmp_path / "acme/policy.yaml").read_text() == ORGANISATION


@pytest.mark.usefixtures("project")
def test_from_nothing_to_a_layered_set(policy, plant, tmp_path):
    plant({"fresh/ml-manifest.yaml": "manifest: 1\nproject: c\napproach: rag\nneeds: {citations: false}\n"})
    fresh = tmp_path / "fresh"
    assert policy("set", "init", "--extends", "../acme", folder=fresh).code == 0
    again = policy("set", "init", "--extends", "../acme", folder=fresh)
    assert (again.code, again.headlines) == (2, ["error: `policy.yaml` exists and is left as it is"])
    assert policy("check", "--gate", "ci", folder=fresh).code == 1
    plain = tmp_path / "plain"
    plain.mkdir()
    assert policy("set", "init", folder=plain).code == 0
    (plain / "ml-manifest.yaml").write_text("manifest: 1\nproject: d\napproach: fine-tuning\npurpose: [knowledge]\n")
    observed = policy("check", "--gate", "ci", folder=plain)
    assert observed.code == 0
    assert "would block" in observed.out
    assert policy("check", folder=plain).code == 1
