"""Counting: every result is somewhere, and what is kept does not grow with decisions."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from policy.app.auditing.tally import Tally
from policy.model.audit import RESULTS
from tests.app.auditing.rows import make_row, on_day

KNOWN = {"sha256:set": 4}


def count(*rows, known=KNOWN, entries=True):
    tally = Tally(known)
    for number, row in enumerate(rows, 1):
        tally.add(row, number if entries else 0)
    return tally


def test_the_denominator_is_every_policy_in_force_in_every_decision():
    counts = count(make_row({"a": "pass", "b": "fail"}), make_row({"a": "waived", "b": "error"})).count_all()
    assert counts.results == dict.fromkeys(RESULTS, 0) | {
        "pass": 1,
        "fail": 1,
        "waived": 1,
        "error": 1,
        "not-evaluated": 4,
    }
    assert counts.total == 2 * 4
    assert (counts.decisions, counts.recorded, counts.judged, counts.projects) == (2, 2, 0, 1)


def test_where_nobody_knows_how_many_were_in_force_that_is_counted():
    counts = count(make_row({"a": "pass"}), known={}).count_all()
    assert (counts.uncounted, counts.total, counts.results["not-evaluated"]) == (1, 1, 0)


def test_decisions_that_are_on_no_record_are_counted_apart():
    counts = count(make_row({"a": "pass"}), entries=False).count_all()
    assert (counts.recorded, counts.judged) == (0, 1)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_last_decision_is_the_one_of_the_last_time(order):
    rows = [make_row({"a": "pass"}, time=on_day(day), decision=f"sha256:{day}") for day in order]
    assert count(*rows).subjects["reply-tone", ""]["ci"].decision == "sha256:2"


def test_of_two_decisions_at_one_time_the_later_entry_counts():
    rows = [make_row({"a": result}) for result in ("fail", "pass")]
    assert count(*rows).subjects["reply-tone", ""]["ci"].results == ("pass",)


def test_missing_facts_are_counted_by_result_and_project():
    rows = [
        make_row({"a": "unknown"}, project=project, missing=(("data.rows", "a"), ("owner.team", "a")))
        for project in ("x", "x", "y")
    ]
    (first, second) = count(*rows, make_row({"b": "unknown"}, missing=(("owner.team", "b"),))).list_missing()
    assert first == ("owner.team", 4, 3, ("a", "b"))
    assert second == ("data.rows", 3, 2, ("a",))


def test_a_contradiction_is_shown_as_it_was_last():
    said = [make_row({}, time=on_day(day), contradictions=(("f", str(day), "9", "file"),)) for day in (1, 3, 2)]
    assert count(*said).list_contradicted() == (("reply-tone", "f", "3", "9", "file", 3, on_day(3)),)


def test_verdicts_are_counted_step_by_step():
    tally = count(
        make_row({}, time=on_day(1), verdict="block"), make_row({}, time=on_day(3)), make_row({}, time=on_day(3))
    )
    step, steps = tally.list_verdicts()
    assert step == "day"
    assert [(name, dict(counts)) for name, counts in steps] == [
        ("2026-08-01", {"block": 1}),
        ("2026-08-02", {}),
        ("2026-08-03", {"allow": 2}),
    ]


def measure(decisions: int) -> int:
    tally = Tally(KNOWN)
    tracemalloc.start()
    for number in range(decisions):
        results = {f"p{policy}": ("fail", "pass")[(number // 20 + policy) % 2] for policy in range(10)}
        time = f"2026-08-{number % 28 + 1:02}T{number % 24:02}:00:00Z"
        tally.add(
            make_row(results, project=f"project-{number % 20}", time=time, decision=f"sha256:{number}"), number + 1
        )
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return kept


def test_what_is_kept_does_not_grow_with_decisions():
    measure(100)
    assert measure(4000) < 1.3 * measure(1000)
