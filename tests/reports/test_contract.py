"""What the JSON report promises, held against what it writes and against a document that is kept for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import ValidationError

from policy.errors import Location, Problem
from policy.model import gates
from policy.model.summary import Summary
from policy.reports import contract
from policy.reports.contract import Decisions, json_schema
from policy.reports.json_report import FORMAT, JsonReporter
from tests.reports.scenarios import SCENARIOS, allow

# Written by hand from the contract's first edition: every later version must read it as it stands.
GOLDEN = Path(__file__).parent.parent / "golden" / "policy-decisions-1.json"


def write_everything() -> dict[str, Any]:
    """A real document with all scenarios and problems."""
    reporter, context, summary = JsonReporter(), allow().context(), Summary()
    parts = []
    for make in SCENARIOS.values():
        decision = make().decision
        summary.count(decision)
        parts.append(reporter.report_decision(decision, context))
    place = Location("a.yaml", 1, 2, 1, 5)
    problems = (Problem("wrong", "mend it", place, (("here too", place),)), Problem("odd", level="warning"))
    text = reporter.start(context) + reporter.separator.join(parts) + reporter.finish(summary, problems, context)
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def read_golden() -> dict[str, Any]:
    document = json.loads(GOLDEN.read_bytes())
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("make", [write_everything, read_golden])
def test_documents_meet_the_models_and_the_schema(make):
    document = make()
    Decisions.model_validate(document)
    jsonschema.Draft202012Validator(json_schema()).validate(document)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_kept_document_shows_every_key_of_the_first_edition():
    (decision,) = read_golden()["decisions"]
    assert all(decision.values())
    assert {outcome["outcome"] for outcome in decision["outcomes"]} == set(gates.OUTCOMES)


def test_every_key_that_is_written_is_described():
    written, described = write_everything(), json_schema()
    assert set(written) == set(described["properties"])
    decision = written["decisions"][0]
    assert set(decision) == set(described["$defs"]["Decision"]["properties"])
    assert set(decision["outcomes"][0]) == set(described["$defs"]["Outcome"]["properties"])
    reasons = [reason for outcome in decision["outcomes"] for reason in outcome["because"]]
    assert set(reasons[0]) == set(described["$defs"]["Reason"]["properties"])
    assert set(written["summary"]) == set(described["$defs"]["Summary"]["properties"])


def test_readers_of_the_schema_meet_later_keys_without_harm_and_the_models_do_not():
    document = read_golden()
    document["decisions"][0]["later"] = 1
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    with pytest.raises(ValidationError, match="later"):
        Decisions.model_validate(document)


# A path into the kept document, and a value that must not stand there.
WRONG = [
    (("format",), "policy-decisions/2"),
    (("decisions", 0, "id"), "sha256:abc"),
    (("decisions", 0, "verdict"), "deny"),
    (("decisions", 0, "time"), "2026-11-20"),
    (("decisions", 0, "gate"), "deploy"),
    (("decisions", 0, "outcomes", 0, "outcome"), "failed"),
    (("decisions", 0, "outcomes", 0, "effect"), "warn"),
    (("decisions", 0, "outcomes", 0, "location", "line"), 0),
    (("decisions", 0, "outcomes", 0, "location", "line"), "8"),
    (("decisions", 0, "outcomes", 0, "because", 0, "result"), None),
    (("decisions", 0, "not_assessed"), None),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_what_breaks_the_contract_is_refused(path, value):
    document = read_golden()
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(ValidationError):
        Decisions.model_validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(document)


@pytest.mark.parametrize("key", ["id", "outcomes", "not_assessed", "manifest", "waivers"])
def test_a_key_of_the_first_edition_may_not_be_left_out(key):
    document = read_golden()
    del document["decisions"][0][key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(document)


def test_the_words_are_those_of_the_engine():
    fields = contract.Decision.model_fields
    assert get_args(contract.Verdict) == gates.VERDICTS
    assert get_args(contract.Effect) == gates.EFFECTS
    assert get_args(fields["gate"].annotation) == gates.GATES
    assert get_args(fields["mode"].annotation) == gates.MODES
    assert get_args(contract.Outcome.model_fields["outcome"].annotation) == gates.OUTCOMES
    assert get_args(contract.Outcome.model_fields["severity"].annotation) == gates.SEVERITIES
    assert read_golden()["format"] == FORMAT


def test_the_models_are_frozen():
    decisions = Decisions.model_validate(read_golden())
    with pytest.raises(ValidationError, match="frozen"):
        decisions.format = "x"  # type: ignore[assignment]
