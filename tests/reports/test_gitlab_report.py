"""The GitLab report: what GitLab asks of an issue, every fingerprint once, and nothing missing."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from policy.errors import Location, Problem
from policy.model.decision import Subject
from policy.reports.fingerprints import fingerprint_findings
from policy.reports.gitlab_report import GitlabReporter
from tests.reports.scenarios import MANIFEST, SCENARIOS, allow, block
from tests.reports.whole import HOSTILE, poison, poison_problems, render_decisions, render_named

REPORTER = GitlabReporter()
# What GitLab's own schema asks for, and what its documentation adds: the words for severities, a line, a relative path.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!/|[.]/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def read(text: str) -> list[dict[str, Any]]:
    """The issues, which keep to the schema; no fingerprint stands twice."""
    issues = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(issues)
    fingerprints = [issue["fingerprint"] for issue in issues]
    assert len(set(fingerprints)) == len(fingerprints)
    assert isinstance(issues, list)
    return issues


def list_issues(*names: str) -> dict[str, dict[str, Any]]:
    return {issue["check_name"]: issue for issue in read(render_named(REPORTER, *names))}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_keeps_to_the_schema_and_is_as_kept(name, snapshot):
    snapshot(f"reports/gitlab/{name}.json", json.dumps(read(render_named(REPORTER, name)), indent=1) + "\n")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_policy_that_did_not_pass_is_in_it(name):
    decision = SCENARIOS[name]().decision
    text = json.dumps(list_issues(name))
    found = [outcome.policy for outcome in decision.outcomes if outcome.outcome not in ("pass", "not-applicable")]
    assert all(policy in text for policy in [*found, *(item.policy for item in decision.not_assessed)])


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("block", "volatile-data", "blocker"),
        ("entries", "data-licenses", "critical"),
        ("hold", "citations-required", "major"),
        ("flag", "few-examples", "minor"),
        ("observe", "volatile-data", "info"),
        ("waived", "volatile-data", "info"),
        ("error", "few-examples", "critical"),
        ("unknown", "volatile-data", "major"),
        ("unknown", "tunegate/not-assessed", "info"),
        ("contradiction", "tunegate/contradiction", "minor"),
    ],
)
def test_the_severity_is_what_acts(name, rule, severity):
    assert list_issues(name)[rule]["severity"] == severity


def test_an_issue_names_project_place_and_way_out():
    issue = list_issues("block")["volatile-data"]
    assert issue["location"] == {"path": MANIFEST, "lines": {"begin": 7}}
    assert issue["description"].startswith("support-reply-tone: data.change_interval is 7 days (declared)")
    assert issue["description"].endswith("Instead: rag.")
    assert issue["fingerprint"] in {finding.fingerprint for finding in fingerprint_findings(block().decision)}


def test_what_is_waived_says_until_when():
    assert (
        "waived until 2026-12-31; without the waiver: fail: data.change_interval is 7 days"
        in (list_issues("waived")["volatile-data"]["description"])
    )


def test_problems_with_the_input_are_issues():
    problems = (
        Problem("it is broken", "mend it", Location("a/ml-manifest.yaml", 3, 1)),
        Problem("it is odd", level="warning"),
    )
    broken, odd = read(render_named(REPORTER, "allow", problems=problems))
    assert (broken["check_name"], broken["severity"]) == ("tunegate/input", "blocker")
    assert broken["description"] == "it is broken. mend it."
    assert broken["location"] == {"path": "a/ml-manifest.yaml", "lines": {"begin": 3}}
    assert (odd["severity"], odd["location"]["path"]) == ("info", "ml-manifest.yaml")


def test_nothing_found_is_an_empty_list():
    assert read(render_decisions(REPORTER, [])) == []
    assert read(render_named(REPORTER, "allow", "none-applies")) == []


def test_alike_issues_have_fingerprints_of_their_own_and_the_same_ones_in_any_order():
    decision = SCENARIOS["flag"]().decision
    moved = decision._replace(subject=Subject("support-reply-tone", "b/ml-manifest.yaml"))
    there = {issue["fingerprint"] for issue in read(render_decisions(REPORTER, [decision, moved, decision]))}
    assert len(there) == 3
    assert there == {issue["fingerprint"] for issue in read(render_decisions(REPORTER, [moved, decision, decision]))}
    assert {issue["fingerprint"] for issue in read(render_decisions(REPORTER, [moved]))} < there


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_project_writes_acts(text):
    decision = poison(text)
    written = render_decisions(REPORTER, [decision], poison_problems(text), allow().context())
    issues = json.loads(written)
    assert all(line.isprintable() for line in written.split("\n"))
    assert not [line for line in written.splitlines() if line.lstrip().startswith(("::", "##["))]
    assert all(issue["description"].isprintable() for issue in issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert not re.search("[\ud800-\udfff]", written)
    written.encode()
