"""The SARIF report: held to the schema and to what GitHub asks for; nothing in it is missing or acts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import ValidationError

from policy.errors import Location, Problem
from policy.model.decision import Subject
from policy.model.policy import PolicySet
from policy.model.proposal import PoliciesFrom, Proposed, ProposedChanges
from policy.model.summary import Summary
from policy.model.waiver_entry import WaiverEntry, Waiving
from policy.reports import sarif_report
from policy.reports.fingerprints import fingerprint_findings
from policy.reports.sarif_report import SarifReporter
from tests.reports.sarif_checks import poison_context, read_file, read_run
from tests.reports.scenarios import MANIFEST, SCENARIOS, allow, block, waived
from tests.reports.whole import HOSTILE, poison, poison_problems, render, render_decisions, render_named

REPORTER = SarifReporter()


def list_results(*names: str) -> dict[str, dict[str, Any]]:
    """The results of scenarios by rule."""
    return {result["ruleId"]: result for result in read_run(render_named(REPORTER, *names))["results"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_keeps_to_the_schema_and_is_as_kept(name, snapshot):
    run = read_run(render_named(REPORTER, name))
    run["tool"]["driver"] = {"rules": "<rules>"}
    run["taxonomies"] = "<taxonomies>"
    text = json.dumps(run, indent=1, ensure_ascii=False)
    snapshot(f"reports/sarif/{name}.json", re.sub("sha256:[0-9a-f]{64}", "sha256:<digest>", text) + "\n")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_policy_that_did_not_pass_is_in_it(name):
    decision = SCENARIOS[name]().decision
    text = json.dumps(list_results(name))
    found = [outcome.policy for outcome in decision.outcomes if outcome.outcome not in ("pass", "not-applicable")]
    assert all(policy in text for policy in [*found, *(item.policy for item in decision.not_assessed)])
    assert sum("contradiction" in rule for rule in list_results(name)) == bool(decision.contradictions)


LEVELS = [
    ("block", "volatile-data", "error"),
    ("block", "citations-required", "warning"),
    ("hold", "citations-required", "warning"),
    ("flag", "few-examples", "warning"),
    ("observe", "volatile-data", "note"),
    ("waived", "volatile-data", "note"),
    ("error", "few-examples", "error"),
    ("unknown", "few-examples", "error"),
    ("unknown", "tunegate/not-assessed", "none"),
    ("contradiction", "tunegate/contradiction", "warning"),
]


@pytest.mark.parametrize(("name", "rule", "level"), LEVELS)
def test_the_level_is_what_acts(name, rule, level):
    assert list_results(name)[rule]["level"] == level


def test_a_result_points_at_the_value_and_says_what_to_do():
    result = list_results("block")["volatile-data"]
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": MANIFEST, "uriBaseId": "SRCROOT"}
    assert where["region"] == {"startLine": 7, "startColumn": 20, "endLine": 7, "endColumn": 22}
    assert result["message"]["text"] == (
        "data.change_interval is 7 days (declared), at least 30 days is required. Serve the changing part from "
        "retrieval and train only on what stays valid for 30 days. Instead: rag."
    )


def test_other_places_that_decided_stand_beside_it():
    (related,) = list_results("block")["citations-required"]["relatedLocations"]
    assert related["message"]["text"] == "retrieval.planned, one way: true"
    assert related["physicalLocation"]["region"]["startLine"] == 9
    assert "relatedLocations" not in list_results("block")["volatile-data"]


def test_what_is_held_back_says_so():
    assert list_results("observe")["volatile-data"]["message"]["text"].startswith("would block: data.change_interval")
    assert "Note: the mode is observe." in list_results("observe")["volatile-data"]["message"]["text"]


def test_what_was_not_assessed_is_one_result_with_what_it_lacks():
    result = list_results("allow-with-gaps")["tunegate/not-assessed"]
    assert result["kind"] == "open"
    assert result["message"]["text"] == (
        "3 policies not assessed: approved-models, few-examples, style-measured. State in the manifest: data.rows, "
        "evaluation.style_metric, purpose. No value in the policy set for: approved-models.models."
    )


def test_a_finding_without_a_position_stands_at_the_start_of_its_file():
    result = list_results("error")["few-examples"]
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1,
        "startColumn": 1,
        "endLine": 1,
        "endColumn": 2,
    }
    nobody = block().decision._replace(subject=Subject("p"))
    nowhere = nobody._replace(outcomes=tuple(outcome._replace(location=None) for outcome in nobody.outcomes))
    run = read_run(
        render_decisions(REPORTER, [nowhere], context=allow().context()._replace(config="house/policy.yaml"))
    )
    assert {read_file(result) for result in run["results"]} == {b"house/policy.yaml"}


def test_a_waived_finding_is_suppressed_by_its_waiver():
    (plain,) = list_results("waived")["volatile-data"]["suppressions"]
    assert plain["justification"] == "waived until 2026-12-31; without the waiver: fail"
    entry = WaiverEntry(
        "volatile-data",
        "support-*",
        "the old data is kept",
        "support-ml",
        "ann",
        datetime(2026, 12, 31, tzinfo=UTC).date(),
        approved_by="bob",
        location=Location("waivers.yaml", 3, 5),
    )
    scenario = waived()
    context = scenario.context()._replace(policy_set=PolicySet(scenario.policies, waiving=Waiving((entry,))))
    run = read_run(render(REPORTER, [scenario], context=context))
    (result,) = (result for result in run["results"] if "suppressions" in result)
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == (
        "the old data is kept. (approved by: bob; owner: support-ml; expires: 2026-12-31)"
    )
    assert suppression["location"]["physicalLocation"]["artifactLocation"]["uri"] == "waivers.yaml"


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_neither_waived_nor_approved_is_not_suppressed(name):
    decision = SCENARIOS[name]().decision
    approved = decision.approved.policies if decision.approved is not None else ()
    suppressed = {rule for rule, result in list_results(name).items() if "suppressions" in result}
    waived = {finding.policy for finding in fingerprint_findings(decision) if finding.waived}
    assert suppressed == waived.union(approved)


PROBLEMS = (
    Problem("the manifest is broken", "mend it", Location("a b/ml-manifest.yaml", 3, 1)),
    Problem("a field is odd", "", Location("/etc/policy.yaml", 1, 1), (), "warning"),
    Problem("nothing is there", "look {elsewhere}", Location("../policy.yaml", 2, 1)),
)


def test_problems_with_the_input_are_notifications():
    (invocation,) = read_run(render_named(REPORTER, "allow", problems=PROBLEMS))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (2, False)
    first, odd, outside = invocation["toolExecutionNotifications"]
    assert first["level"] == outside["level"] == "error"
    assert first["message"]["text"] == "the manifest is broken. mend it."
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/ml-manifest.yaml"
    assert (odd["level"], odd["message"]["text"]) == ("warning", "/etc/policy.yaml:1:1: a field is odd.")
    assert "locations" not in odd
    assert outside["message"]["text"] == "../policy.yaml:2:1: nothing is there. look {{elsewhere}}."


@pytest.mark.parametrize(
    ("name", "code", "successful"), [("allow", 0, True), ("flag", 0, True), ("block", 1, True), ("hold", 4, True)]
)
def test_the_invocation_has_the_exit_code(name, code, successful):
    (invocation,) = read_run(render_named(REPORTER, name))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (code, successful)


def test_nothing_judged_is_no_success():
    (invocation,) = read_run(render_decisions(REPORTER, []))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (3, False)


def test_policies_that_broke_are_told_of_the_run_too():
    (invocation,) = read_run(render_named(REPORTER, "error"))["invocations"]
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error"]


def test_projects_without_findings_leave_no_gap():
    assert read_run(render_named(REPORTER, "allow", "none-applies", "allow"))["results"] == []
    assert len(read_run(render_named(REPORTER, "allow", "flag", "allow", "flag"))["results"]) == 2


def test_alike_results_are_numbered_within_their_file():
    decision = SCENARIOS["flag"]().decision
    (outcome,) = (item for item in decision.outcomes if item.outcome == "fail")
    moved = decision._replace(outcomes=(outcome._replace(location=Location("b/ml-manifest.yaml", 3, 1, 3, 2)),))
    results = read_run(render_decisions(REPORTER, [decision, decision, moved]))["results"]
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    known = fingerprint_findings(decision)[0].fingerprint
    assert marks == [f"{known[:16]}:{number}" for number in (1, 2, 1)]
    assert len({result["fingerprints"]["policyFinding/v1"] for result in results}) == 3
    assert results[0]["fingerprints"]["policyFinding/v1"] == known


@pytest.mark.parametrize(("name", "value", "kept"), [("RESULTS", 3, 3), ("CHARACTERS", 2500, 2)])
def test_what_is_left_out_is_said_and_is_the_mildest(monkeypatch, name, value, kept):
    monkeypatch.setattr(sarif_report, name, value)
    text = render_named(REPORTER, "flag", "block", "flag", "allow-with-gaps")
    run = read_run(text)
    assert len(run["results"]) == kept
    assert {result["properties"]["verdict"] for result in run["results"]} == {"block"}
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{6 - kept} results left out, of the projects with the mildest verdicts")


def test_what_fits_is_said_to_be_all():
    assert read_run(render_named(REPORTER, "block", "flag"))["invocations"][0]["toolExecutionNotifications"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_project_or_policy_writes_acts(text):
    written = render_decisions(REPORTER, [poison(text)], poison_problems(text), poison_context(text))
    run = read_run(written)
    written.encode()
    assert all(line.isprintable() for line in written.split("\n"))
    assert not [line for line in written.splitlines() if line.lstrip().startswith(("::", "##["))]
    for result in run["results"]:
        said = result["message"]["text"]
        assert "](" not in said
        assert not re.search(r"(?<!\{)\{(\{\{)*(?!\{)", said)


def test_a_path_of_any_bytes_is_an_address():
    decision = block().decision
    place = Location("caf\u00e9 #1/100%/\udcff?.yaml", 3, 1)
    outcomes = tuple(outcome._replace(location=place) for outcome in decision.outcomes)
    (first, *_) = read_run(render_decisions(REPORTER, [decision._replace(outcomes=outcomes)]))["results"]
    assert read_file(first) == "caf\u00e9 #1/100%/".encode() + b"\xff?.yaml"


def test_the_same_decisions_give_the_same_bytes():
    assert render_named(REPORTER, *SCENARIOS) == render_named(REPORTER, *SCENARIOS)


def test_counts_and_gate_are_told_of_the_run():
    run = read_run(render_named(REPORTER, "hold"))
    assert run["properties"]["gate"] == "release"
    assert run["automationDetails"] == {"id": "tunegate/release/"}
    assert run["properties"]["summary"]["verdicts"]["hold"] == 1


def test_what_a_change_proposes_is_shown_and_is_no_failure():
    proposed = Proposed("block", ("volatile-data",), "sha256:1")
    source = PoliciesFrom("origin/main", "0123456789abcdef", None, ProposedChanges(("volatile-data",)))
    context = allow().context()._replace(policies_from=source)
    run = read_run(render_decisions(REPORTER, [allow().decision._replace(proposed=proposed)], context=context))
    (result,) = run["results"]
    assert (result["ruleId"], result["kind"], result["level"]) == ("tunegate/proposed", "informational", "none")
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["level"] for note in notes] == ["note", "note"]
    assert "origin/main (0123456789)" in notes[0]["message"]["text"]


def test_memory_stays_flat_over_many_projects():
    """Texts go through one by one: what is kept of each is no more than its fingerprint."""
    context, summary = allow().context(), Summary()
    text = REPORTER.report_decision(block().decision, context)
    left = 20_000

    def decisions():
        nonlocal left
        while left:
            left -= 1
            yield text

    parts = REPORTER.compose(REPORTER.start(context), decisions(), REPORTER.finish(summary, (), context))
    next(parts)
    next(parts)
    assert left == 19_999
    assert sum(part.count('"ruleId"') for part in parts) == 24_999


BREAKING = [
    ('"startLine": 7', '"startLine": 0'),
    ('"level": "error", "message"', '"level": "fatal", "message"'),
    ('"uri": "projects/tone/ml-manifest.yaml"', '"uri": "/projects/tone/ml-manifest.yaml"'),
    ('"locations": [', '"places": ['),
    ('"security-severity": "9.5"', '"security-severity": "0"'),
    ('"ruleId": "volatile-data"', '"ruleId": "unheard-of"'),
]


@pytest.mark.parametrize(("right", "wrong"), BREAKING)
def test_a_broken_file_is_found(right, wrong):
    text = render_named(REPORTER, "block")
    assert right in text
    with pytest.raises((AssertionError, ValidationError)):
        read_run(text.replace(right, wrong, 1))
