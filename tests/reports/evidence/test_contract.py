"""What the JSON form promises, held against what it writes and against a document that is kept for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import ValidationError

from policy.errors import Location, Problem
from policy.model.fact import Members
from policy.model.fields import SCHEMA
from policy.model.money import Money
from policy.model.resolution import STRENGTH
from policy.reports.contract import json_schema
from policy.reports.evidence.contract import EvidenceDocument, EvidenceFact
from policy.reports.evidence.document import FORMAT, JsonEvidence, encode_value
from policy.reports.evidence.view import Counts
from tests.building import make_facts, make_policy
from tests.reports.evidence.views import CONTEXT, make_view

# Written by hand from the contract's first edition: every later version must read it as it stands.
GOLDEN = Path(__file__).parents[2] / "golden" / "policy-evidence-1.json"
DECLARED = """\
project: "a\\e[31m\\U0001f600\\x7f"
needs: {latency_p95: 300ms}
data: {rows: 1000, sources: [{path: a.jsonl, rows: 1000}, {name: b/c, license: mit}]}
training: {epochs: 3}
budget: {per_run: 0.5 USD}
release: {retires: 2027-11-30}
tried: []
evaluation: {tuned: 0.8, baseline: 0.5}
"""
OBSERVED = "data.rows: 934\ndata.sources: [{path: a.jsonl, rows: 934}]\nevaluation.metrics: [b, a]\n"
ASKING = make_policy("policy: card\nrequire: {release.model_card: {present: true}}\n")


def write(*views: Any, problems: tuple[Problem, ...] = ()) -> dict[str, Any]:
    """The document about these subjects."""
    form, counts = JsonEvidence(), Counts()
    parts = []
    for view in views:
        counts.add(view)
        parts.append(form.show(view, CONTEXT))
    text = form.start(CONTEXT) + form.separator.join(parts) + form.finish(counts, problems, CONTEXT)
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def write_everything() -> dict[str, Any]:
    """A document with every kind of value, and problems."""
    facts = make_facts(DECLARED, observed=OBSERVED, absent=("model.revision",), unavailable={"data.tokens": "too slow"})
    place = Location("a.yaml", 1, 2, 1, 5)
    problems = (Problem("wrong", "mend it", place, (("here too", place),)), Problem("odd", level="warning"))
    return write(make_view(facts, ASKING), make_view(make_facts("project: b"), everything=True), problems=problems)


def read_golden() -> dict[str, Any]:
    document = json.loads(GOLDEN.read_bytes())
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("make", [write_everything, write, read_golden])
def test_documents_meet_the_models_and_the_schema(make):
    document = make()
    EvidenceDocument.model_validate(document)
    jsonschema.Draft202012Validator(json_schema(EvidenceDocument)).validate(document)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema(EvidenceDocument))


def test_nothing_known_is_an_empty_list():
    document = write()
    assert document["subjects"] == []
    assert document["summary"] == {"subjects": 0, "facts": 0, "contradictions": 0, "unknown": 0}


def test_the_kept_document_shows_every_key_of_the_first_edition():
    (subject,) = read_golden()["subjects"]
    assert all(subject.values())
    for fact in subject["facts"]:
        assert set(fact) == set(EvidenceFact.model_fields)
        assert list(fact)[:6] == ["path", "value", "origin", "source", "location", "digest"]


def test_every_key_that_is_written_is_described_and_the_other_way_round():
    written, described = write_everything(), json_schema(EvidenceDocument)
    assert set(written) == set(described["properties"])
    subject = written["subjects"][0]
    for document, name in (
        (subject, "EvidenceSubject"),
        (subject["facts"][0], "EvidenceFact"),
        (subject["unknown"][0], "UnknownFact"),
        (subject["unavailable"][0], "Unavailable"),
        (subject["contradictions"][0], "Contradiction"),
        (written["summary"], "EvidenceSummary"),
    ):
        assert set(document) == set(described["$defs"][name]["properties"])


def test_readers_of_the_schema_meet_later_keys_without_harm_and_the_models_do_not():
    document = read_golden()
    document["subjects"][0]["facts"][0]["later"] = 1
    jsonschema.Draft202012Validator(json_schema(EvidenceDocument)).validate(document)
    with pytest.raises(ValidationError, match="later"):
        EvidenceDocument.model_validate(document)


WRONG = [
    (("format",), "policy-evidence/2"),
    (("subjects",), None),
    (("subjects", 0, "project"), None),
    (("subjects", 0, "facts", 0, "origin"), "guessed"),
    (("subjects", 0, "facts", 0, "judged"), None),
    (("subjects", 0, "facts", 0, "location", "line"), 0),
    (("subjects", 0, "unknown", 0, "policies"), None),
    (("summary", "facts"), -1),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_what_breaks_the_contract_is_refused(path, value):
    document = read_golden()
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(ValidationError):
        EvidenceDocument.model_validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema(EvidenceDocument)).validate(document)


def test_the_words_are_those_of_the_model():
    assert set(get_args(EvidenceFact.model_fields["origin"].annotation)) == set(STRENGTH)
    assert read_golden()["format"] == FORMAT


# Values


def test_values_are_encoded_by_their_kinds():
    facts = {fact["path"]: fact["value"] for fact in write_everything()["subjects"][0]["facts"] if fact["judged"]}
    expected = {
        "needs.latency_p95": 300,
        "data.rows": 934,
        "data.sources[1].license": "mit",
        "training.epochs": 3,
        "budget.per_run": {"amount": 0.5, "currency": "USD"},
        "release.retires": "2027-11-30",
        "model.revision": None,
        "tried": [],
        "evaluation.metrics": ["a", "b"],
    }
    assert {path: facts[path] for path in expected} == expected
    assert {"path": "a.jsonl", "rows": 934} in facts["data.sources"]


def test_what_is_seen_by_whom_stands_beside_each_other():
    rows = [fact for fact in write_everything()["subjects"][0]["facts"] if fact["path"] == "data.rows"]
    assert [(fact["value"], fact["origin"], fact["judged"], fact["contradicted"]) for fact in rows] == [
        (934, "observed", True, True),
        (1000, "declared", False, True),
    ]
    assert rows[1]["location"] == {"file": "ml-manifest.yaml", "line": 3, "column": 14, "end_line": 3, "end_column": 18}
    assert rows[1]["digest"] is None


def test_what_a_terminal_would_act_on_is_escaped():
    view = make_view(make_facts(DECLARED))
    text = JsonEvidence().show(view, CONTEXT)
    assert all(character == "\n" or character.isprintable() for character in text)
    assert json.loads(f"[{text}]")[0]["project"] == "a\x1b[31m\U0001f600\x7f"


def test_a_fact_is_a_line():
    view = make_view(make_facts(DECLARED))
    lines = JsonEvidence().show(view, CONTEXT).splitlines()
    assert sum(line.startswith('   {"path": ') for line in lines) == len(view.entries)


def test_a_list_that_may_hold_more_says_so():
    kind = SCHEMA.fields["purpose"].kind
    assert encode_value(kind, Members(("style",), complete=False)) == ["style"]
    assert encode_value(SCHEMA.fields["cost.run"].kind, Money(1e300, "USD")) == {"amount": 1e300, "currency": "USD"}
    complete = {fact["path"]: fact["complete"] for fact in write_everything()["subjects"][0]["facts"]}
    assert (complete["evaluation.metrics"], complete["tried"], complete["data.rows"]) == (False, True, None)
