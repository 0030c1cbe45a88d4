"""The JUnit report: read by an XML parser, held to the schema, nothing missing from it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema

from policy.errors import Location, Problem
from policy.model.decision import Outcome
from policy.reports.junit_report import JunitReporter, say_state
from tests.reports.scenarios import SCENARIOS, allow, block, error, flag, hold, unknown
from tests.reports.whole import HOSTILE, poison, poison_problems, propose, render, render_decisions, render_named

REPORTER = JunitReporter()
SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
PROBLEMS = (
    Problem("no such field", "leave it out", Location("a/ml-manifest.yaml", 3, 1), (("the other", Location("b")),)),
    Problem("odd", "", None, (), "warning"),
)


def read(text: str) -> ET.Element:
    """The document, which keeps to the schema."""
    SCHEMA.validate(text)
    return ET.fromstring(text.encode())


def list_results(text: str) -> dict[str, tuple[str, str]]:
    """Test case to the result and its type."""
    cases = read(text).iter("testcase")
    return {case.get("name", ""): ((case[0].tag, case[0].get("type", "")) if len(case) else ("", "")) for case in cases}


def write_outcome(outcome: Outcome, fail_on: str = "block") -> str:
    decision = allow().decision._replace(outcomes=(outcome,))
    return render_decisions(REPORTER, [decision], context=allow().context(fail_on=fail_on))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_keeps_to_the_schema_and_is_as_kept(name, snapshot):
    text = render_named(REPORTER, name)
    read(text)
    snapshot(f"reports/junit/{name}.xml", re.sub("sha256:[0-9a-f]{64}", "sha256:<digest>", text))


@pytest.mark.parametrize("fail_on", ["block", "hold", "flag"])
@pytest.mark.parametrize("effect", ["advise", "flag", "hold", "block"])
@pytest.mark.parametrize("outcome", ["fail", "unknown"])
def test_what_ends_the_run_has_failed(outcome, effect, fail_on):
    failed = effect in ("hold", "block") or effect == fail_on
    results = list_results(write_outcome(Outcome("p", outcome, "low", effect), fail_on))
    said = effect if outcome == "fail" else f"unknown, {effect}"
    assert results == {"p": ("failure" if failed else "skipped", said)}


@pytest.mark.parametrize(
    ("outcome", "result", "said"),
    [
        (Outcome("p", "pass", "low"), "", ""),
        (Outcome("p", "error", "low", "block"), "error", "error, block"),
        (Outcome("p", "error", "low", None, "flag"), "error", "error, would flag"),
        (Outcome("p", "fail", "low", None, "block"), "skipped", "would block"),
        (Outcome("p", "unknown", "low"), "skipped", "unknown"),
        (Outcome("p", "not-applicable", "low"), "skipped", "not applicable"),
        (Outcome("p", "waived", "low", None, "block"), "skipped", "waived"),
    ],
)
def test_what_does_not_fail_is_passed_only_where_it_passed(outcome, result, said):
    assert list_results(write_outcome(outcome)) == {"p": (result, said)}
    assert result == "" or say_state(outcome) == said


@pytest.mark.parametrize("scenario", [block, hold, flag, unknown, error])
def test_the_counts_are_those_of_the_cases(scenario):
    for suite in read(render(REPORTER, [scenario()])).iter("testsuite"):
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for tag, count in {"failure": "failures", "error": "errors", "skipped": "skipped"}.items():
            assert int(suite.get(count, "")) == sum(case.find(tag) is not None for case in cases)


def test_a_suite_names_its_project_and_a_case_its_policy():
    suite = read(render(REPORTER, [block()]))[0]
    assert suite.get("name") == "support-reply-tone (projects/tone/ml-manifest.yaml)"
    assert suite.get("file") == "projects/tone/ml-manifest.yaml"
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert (properties["verdict"], properties["decision"]) == ("block", block().decision.id)
    (case,) = [case for case in suite.iter("testcase") if case.get("name") == "volatile-data"]
    text = case[0].text or ""
    for part in ("ml-manifest.yaml:7:20", "required: at least 30d", "help: Serve the changing", "instead: rag"):
        assert part in text


def test_an_area_is_the_class():
    scenario = block()
    policies = {name: policy for name, policy in scenario.context().policies.items() if name != "volatile-data"}
    text = render(REPORTER, [scenario], context=scenario.context()._replace(policies=policies))
    # Of a policy that nobody knows any more no area is known either.
    assert {case.get("classname") for case in read(text).iter("testcase")} == {"policies"}


def test_problems_with_the_input_are_a_suite_of_their_own():
    text = render_named(REPORTER, "allow", problems=PROBLEMS)
    suite = read(text)[-1]
    assert (suite.get("name"), suite.get("errors"), suite.get("skipped")) == ("problems with the input", "1", "1")
    first, second = suite
    assert first.get("name") == "a/ml-manifest.yaml:3:1: no such field"
    assert first[0].text == "\nat a/ml-manifest.yaml:3:1\nthe other: b:1:1\nhelp: leave it out\n"
    assert (second[0].tag, second[0].get("message")) == ("skipped", "warning: odd")


def test_contradictions_are_told():
    assert "data.rows is declared as 4000" in (read(render_named(REPORTER, "contradiction"))[0][-1].text or "")


def test_what_a_change_proposes_is_told():
    suite = read(render_decisions(REPORTER, [propose(block().decision)]))[0]
    assert suite[-1].text == "proposed: this change also changes volatile-data: with it the verdict would be allow"


def test_nothing_judged_is_an_empty_document():
    assert len(read(render(REPORTER, []))) == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_the_document_or_adds_to_it(text):
    decision = poison(text)
    document = read(render_decisions(REPORTER, [decision], poison_problems(text)))
    assert len(list(document.iter("testcase"))) == len(decision.outcomes) + 2
    assert {element.tag for element in document.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped", "system-out"),
    }
    shown = "".join(document.itertext())
    assert all(character.isprintable() or character == "\n" for character in shown)
