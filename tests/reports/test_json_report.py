"""The JSON report: streamed, stable, and safe to print."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.__about__ import __version__
from policy.errors import Location, Problem
from policy.model.decision import Subject
from policy.model.recording import RecordCounts
from policy.model.summary import Summary
from policy.reports.json_report import (
    JsonReporter,
    approved_document,
    decision_document,
    ledger_document,
    location_document,
    write_json,
)
from tests.reports.scenarios import SCENARIOS, allow, block, hostile, undeclared

REPORTER = JsonReporter()
# What facts.md promised at first; more may come, none of it may go or change its name.
DECISION_KEYS = [
    "id",
    "project",
    "manifest",
    "gate",
    "time",
    "verdict",
    "mode",
    "basis",
    "policy_set",
    "subject",
    "evidence",
    "waivers",
    "approvals",
    "tables",
    "engine",
    "outcomes",
    "contradictions",
    "not_assessed",
]
OUTCOME_KEYS = [
    "policy",
    "outcome",
    "effect",
    "would_be",
    "severity",
    "message",
    "instead",
    "fix",
    "location",
    "because",
]
REASON_KEYS = ["field", "test", "expected", "actual", "origin", "result"]


def render(*names: str, problems: tuple[Problem, ...] = ()) -> str:
    """The document about these scenarios."""
    scenarios = [SCENARIOS[name]() for name in names]
    context = allow().context()
    summary = Summary()
    parts = []
    for scenario in scenarios:
        summary.count(scenario.decision)
        parts.append(REPORTER.report_decision(scenario.decision, context))
    return REPORTER.start(context) + REPORTER.separator.join(parts) + REPORTER.finish(summary, problems, context)


def read(text: str) -> dict[str, Any]:
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("names", [(), ("block",), ("block", "allow", "hostile"), tuple(SCENARIOS)])
def test_what_is_streamed_is_one_document(names):
    document = read(render(*names))
    assert document["format"] == "policy-decisions/1"
    decisions = [SCENARIOS[name]().decision for name in names]
    assert document["decisions"] == [
        {**decision_document(one), "approved": approved_document(one.approved)} for one in decisions
    ]
    assert document["summary"]["subjects"] == len(names)
    assert list(document) == [
        *("format", "decisions", "policies_from", "changed_since", "baseline", "ledger", "waivers"),
        *("errors", "warnings", "summary"),
    ]


def test_who_let_pass_what_would_hold_is_told():
    (decision,) = read(render("approved"))["decisions"]
    until = "2026-12-21T09:30:00Z"
    assert decision["approved"] == {
        "policies": ["citations-required", "license-known"],
        "by": [
            {"by": "os:alice@desk", "request": "r-gm6sylgi", "until": until, "overridden": False},
            {"by": "os:bob@desk", "request": "r-gm6sylgi", "until": until, "overridden": False},
        ],
    }
    (held,) = [one for one in decision["outcomes"] if one["policy"] == "citations-required"]
    assert (held["effect"], held["would_be"]) == (None, "hold")
    assert read(render("hold"))["decisions"][0]["approved"] is None


def test_what_a_ledger_keeps_is_told():
    counts = RecordCounts("sqlite:///ledger.db", 3, 2, 1, "flag", "/home/ada/spool")
    assert ledger_document(counts) == {
        "address": "sqlite:///ledger.db",
        "recorded": 3,
        "spooled": 2,
        "lost": 1,
        "effect": "flag",
    }
    assert ledger_document(None) is None


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_key_is_always_there(name):
    decision = read(render(name))["decisions"][0]
    assert decision.keys() >= set(DECISION_KEYS)
    for outcome in decision["outcomes"]:
        assert outcome.keys() >= set(OUTCOME_KEYS)
        for reason in outcome["because"]:
            assert reason.keys() >= set(REASON_KEYS)


def test_the_keys_stand_in_one_order():
    orders = {tuple(decision_document(make().decision)) for make in SCENARIOS.values()}
    assert len(orders) == 1
    (order,) = orders
    assert [key for key in order if key in DECISION_KEYS] == DECISION_KEYS


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_decision_is_one_line_with_the_same_bytes_each_time(name):
    line = REPORTER.report_decision(SCENARIOS[name]().decision, allow().context())
    assert "\n" not in line
    assert line == REPORTER.report_decision(SCENARIOS[name]().decision, allow().context())


def test_a_report_is_as_kept(snapshot):
    problem = Problem("`aproach` is no field", "write `approach`", Location("b/ml-manifest.yaml", 3, 1, 3, 8))
    related = Problem("two files", "keep one", None, (("the other one", Location("c.yaml")),), "warning")
    document = read(render("block", "undeclared", "contradiction", problems=(problem, related)))
    text = re.sub("sha256:[0-9a-f]{64}", "sha256:<digest>", json.dumps(document, indent=2, ensure_ascii=False))
    snapshot("reports/decisions.json", text.replace(f"tunegate {__version__}", "tunegate <version>") + "\n")


def test_a_subject_without_a_manifest_says_null():
    document = decision_document(undeclared().decision)
    assert document["manifest"] is None
    assert document["training_config"] == "projects/tone/train/axolotl.yaml"


def test_all_outcomes_are_listed_also_those_that_pass():
    outcomes = {item["policy"]: item["outcome"] for item in decision_document(block().decision)["outcomes"]}
    assert outcomes == {
        "volatile-data": "fail",
        "citations-required": "fail",
        "few-examples": "fail",
        "style-measured": "pass",
    }


def test_errors_and_warnings_are_apart():
    error, warning = Problem("wrong", "mend it"), Problem("odd", "look at it", level="warning")
    document = read(render("allow", problems=(warning, error)))
    assert [item["message"] for item in document["errors"]] == ["wrong"]
    assert [item["message"] for item in document["warnings"]] == ["odd"]
    assert document["errors"][0] == {"message": "wrong", "remedy": "mend it", "location": None, "related": []}


def test_a_place_has_an_end_where_one_is_known():
    assert location_document(Location("a", 1, 2)) == {"file": "a", "line": 1, "column": 2}
    assert location_document(Location("a", 1, 2, 3, 4)) == {
        "file": "a",
        "line": 1,
        "column": 2,
        "end_line": 3,
        "end_column": 4,
    }
    assert location_document(None) is None


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_is_written_reads_back_and_steers_no_terminal(value):
    text = write_json(value)
    assert json.loads(text) == value
    assert text.isprintable()
    text.encode()


def test_names_that_no_encoding_carries_are_escaped():
    decision = allow().decision._replace(subject=Subject("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "a\udcff.yaml"))
    line = REPORTER.report_decision(decision, allow().context())
    assert line.isascii()
    assert json.loads(line)["manifest"] == "a\udcff.yaml"
    assert "café" in write_json({"project": "café"})


@pytest.mark.parametrize(
    "text", ["##[error]x", "###[add-mask]", "##[\x1b", "caf\N{LATIN SMALL LETTER E WITH ACUTE} ##["]
)
def test_no_text_is_a_command_to_who_reads_the_log(text):
    assert "##[" not in write_json({text: [text]})
    assert json.loads(write_json({text: [text]})) == {text: [text]}


def test_a_hostile_name_is_data():
    assert "\x1b" not in render("hostile")
    assert read(render("hostile"))["decisions"][0]["project"] == hostile().decision.subject.project
