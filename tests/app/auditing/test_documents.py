"""Documents of decisions, sound and otherwise."""

from __future__ import annotations

from copy import deepcopy

import pytest

from policy.app.auditing import documents
from policy.app.auditing.documents import Reader
from policy.engine.judge import judge
from policy.model.policy import PolicySet
from policy.model.waiver import Waiver
from policy.reports.json_report import decision_document
from tests.app.auditing.rows import NOON, NOW, make_document
from tests.building import make_facts, make_policy
from tests.reports.scenarios import MANIFEST


def change(**values):
    return make_document() | values


def test_what_is_counted_is_read():
    row = Reader().read(make_document())
    assert (row.project, row.config, row.gate, row.time, row.verdict) == ("reply-tone", "", "ci", NOON, "block")
    assert dict(zip(row.policies, row.results, strict=True)) == {"a": "fail", "b": "pass", "c": "unknown"}
    assert row.missing == (("data.rows", "c"),)
    assert row.contradictions == (("data.rows", "10", "12", "data/train.jsonl"),)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        change(time="yesterday"),
        change(time="2026-13-01T00:00:00Z"),
        change(time="2026-08-01"),
        change(verdict="maybe"),
        change(verdict=None),
        change(outcomes=None),
        change(outcomes=[1]),
        change(outcomes=[{"policy": "a"}]),
        change(outcomes=[{"policy": "a", "outcome": "splendid", "note": ""}]),
        change(outcomes=[{"policy": 7, "outcome": "pass", "note": ""}]),
        change(outcomes=[{"policy": ["a"], "outcome": "pass", "note": ""}]),
        change(outcomes=[{"policy": "a", "outcome": "waived", "note": None}]),
        change(not_assessed=7),
        change(not_assessed=[{"policy": "a"}]),
        change(contradictions=[{}]),
        change(contradictions=[None]),
        change(project={"a": 1}),
    ],
)
def test_what_is_no_decision_is_refused_whole(document):
    with pytest.raises(ValueError, match="no decision"):
        Reader().read(document)


@pytest.mark.parametrize(("known", "result"), [("owner: {team: a}", "waived"), ("", "waived-unknown")])
def test_a_waived_outcome_says_what_it_would_have_been(known, result):
    policy = make_policy("require: {owner.team: b}\neffect: block\n")
    facts = make_facts(f"project: p\n{known}\n", file=MANIFEST)
    waiver = Waiver(policy.id, "*", "reason", NOW.date().replace(month=12), "owner")
    decision = judge(PolicySet((policy,)), facts, gate="ci", now=NOW, waivers=(waiver,))
    row = Reader().read(decision_document(decision))
    assert row.results == (result,)
    assert row.waived == ((policy.id, waiver.expires.isoformat()),)


def test_only_policies_in_scope_are_read():
    row = Reader({"c"}).read(make_document())
    assert (row.policies, row.results, row.missing) == (("c",), ("unknown",), (("data.rows", "c"),))
    assert Reader({"b"}).read(make_document()).missing == ()


def test_what_comes_back_is_kept_once_and_not_without_end(monkeypatch):
    monkeypatch.setattr(documents, "KEPT", 4)
    reader = Reader()
    first, second = reader.read(make_document()), reader.read(deepcopy(make_document()))
    assert first.policies is second.policies
    for number in range(20):
        reader.read(change(outcomes=[{"policy": f"p{number}", "outcome": "pass", "note": ""}]))
        assert len(reader._kept) <= 5
