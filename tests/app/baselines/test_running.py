"""What a baseline holds after a run, and which of its entries are fixed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.baselines.comparing import Comparer
from policy.app.baselines.running import BaselineRun
from policy.app.baselines.writing import write_baseline
from policy.model.baseline import Baseline
from policy.model.decision import Decision
from policy.model.fields import SCHEMA
from tests.app.baselines.building import DAY, DIGEST, FILE, LATER, record, run
from tests.building import decide, make_facts, make_policy

ROWS = make_policy("policy: rows\nrequire: {data.rows: {at_least: 1000}}\neffect: block\n")
STYLE = make_policy("policy: style\nrequire: {evaluation.style_metric: true}\neffect: flag\n")


def judge(project: str = "p", rows: int = 5, style: str = "true", **settings) -> Decision:
    manifest = f"project: {project}\ndata: {{rows: {rows}}}\nevaluation: {{style_metric: {style}}}\n"
    return decide((ROWS, STYLE), make_facts(manifest), **settings)


def name(entries) -> list[tuple[str | None, str]]:
    return [(entry.project, entry.policy) for entry in entries]


def test_what_is_not_found_any_more_is_fixed():
    kept = record(judge("a", style="false"), judge("b"))
    found, _ = run(kept, judge("a"), judge("b", rows=2000))
    assert name(found.list_fixed(whole=True)) == [("a", "style"), ("b", "rows")]
    assert name(found.prune(whole=True).entries) == [("a", "rows")]


def test_what_was_not_judged_is_not_fixed_and_stays():
    kept = record(judge("a", style="false"), judge("b"))
    found, _ = run(kept, judge("a"))
    assert name(found.list_fixed(whole=False)) == [("a", "style")]
    assert name(found.prune(whole=False).entries) == [("a", "rows"), ("b", "rows")]
    assert name(found.record(DIGEST, whole=False).entries) == [("a", "rows"), ("b", "rows")]
    # A project that is gone from the whole repository is.
    assert name(found.list_fixed(whole=True)) == [("a", "style"), ("b", "rows")]


def test_what_is_worse_is_not_fixed_and_pruning_adds_nothing():
    kept = record(judge(rows=90))
    found, _ = run(kept, judge(rows=50, style="false"))
    assert found.list_fixed(whole=True) == ()
    assert found.prune(whole=True) == kept
    worse = found.record(DIGEST, whole=True)
    assert [(entry.policy, entry.values) for entry in worse.entries] == [
        ("rows", (("data.rows", "50"),)),
        ("style", (("evaluation.style_metric", "false"),)),
    ]


@pytest.mark.parametrize("pruned", [True, False])
def test_what_is_better_is_held_to_that_and_keeps_its_day(pruned):
    kept = record(judge(rows=50))
    found, _ = run(kept, judge(rows=70), day=LATER)
    made = found.prune(whole=True) if pruned else found.record(DIGEST, whole=True)
    (entry,) = made.entries
    assert (entry.values, entry.since) == ((("data.rows", "70"),), DAY)
    _, (compared,) = run(made, judge(rows=60))
    assert compared.baseline is not None
    assert compared.baseline.verdict == "block"


def test_a_day_is_kept_as_long_as_the_finding_is_there():
    first = record(judge("a"))
    second = record(judge("a"), judge("b"), day=LATER, previous=first)
    assert {entry.project: entry.since for entry in second.entries} == {"a": DAY, "b": LATER}
    assert {entry.since for entry in record(judge("a", rows=4), day=LATER, previous=first).entries} == {LATER}


def test_of_two_that_are_alike_each_keeps_a_day_of_its_own():
    one = record(judge())
    two = record(judge(), judge(), day=LATER, previous=one)
    assert sorted(entry.since for entry in two.entries) == [DAY, LATER]
    assert record(judge(), judge(), day=LATER, previous=two) == two
    found, _ = run(two, judge())
    (fixed,) = found.list_fixed(whole=True)
    assert fixed.since == LATER


def test_what_was_recorded_at_another_gate_stays():
    kept = record(judge(), previous=record(judge(gate="ci")))
    assert Counter(entry.gate for entry in kept.entries) == {"ci": 1, "check": 1}
    assert dict(kept.policy_sets) == {"check": DIGEST, "ci": DIGEST}
    found, _ = run(kept, judge(rows=2000))
    assert [entry.gate for entry in found.list_fixed(whole=True)] == ["check"]
    assert [entry.gate for entry in found.record(DIGEST, whole=True).entries] == ["ci"]


@given(st.permutations(range(8)), st.integers(0, 3))
def test_the_same_findings_make_the_same_bytes_in_whatever_order_they_come(order, alike):
    decisions = [judge(f"p{number % 5}", rows=number % 4, style="false") for number in range(8)] + [judge()] * alike
    shuffled = [decisions[number] for number in order] + decisions[8:]
    first = record(*decisions)
    assert write_baseline(record(*shuffled)) == write_baseline(first)
    assert record(*shuffled, day=LATER, previous=first) == first


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=12), st.lists(st.integers(0, 2), max_size=12), st.integers(1, 4)
)
def test_in_parts_it_comes_out_as_in_one(now, before, size):
    """Each part starts with a whole baseline; one that took too much is done again with what is left."""
    decisions = [judge(rows=number) for number in now]
    kept = record(*(judge(rows=number) for number in before)) if before else Baseline(FILE)
    one, expected = run(kept, *decisions)
    parts = BaselineRun(kept, "check")
    compared: list[Decision] = []
    for start in range(0, len(decisions), size):
        part = decisions[start : start + size]
        comparer = Comparer(parts.index, SCHEMA)
        made = [comparer.compare(decision) for decision in part]
        if not parts.admit(comparer.tally):
            comparer = Comparer(parts.index, SCHEMA, parts.taken)
            made = [comparer.compare(decision) for decision in part]
            assert parts.admit(comparer.tally)
        compared += made
    assert compared == expected
    assert parts.list_fixed(whole=True) == one.list_fixed(whole=True)
