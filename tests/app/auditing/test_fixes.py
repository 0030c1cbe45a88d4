"""How long failures last."""

from __future__ import annotations

from collections import Counter

import pytest

from policy.app.auditing.fixes import Fixes, find_median
from tests.app.auditing.rows import make_row, on_day

DAY = 24 * 60


def run(*steps):
    """Results of policy `a`, one a day; None is a day without a decision."""
    fixes = Fixes()
    for day, result in enumerate(steps, 1):
        if result is not None:
            fixes.add(("p", ""), make_row({"a": result}, time=on_day(day)))
    found = fixes.list_fixing({})
    return found[0][1:] if found else None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("pass", "pass"), None),
        (("fail",), (0, None, None, 0, 1, on_day(1))),
        (("fail", "pass"), (1, DAY, DAY, 0, 0, "")),
        (("fail", "fail", "pass"), (1, 2 * DAY, 2 * DAY, 0, 0, "")),
        (("fail", None, None, "pass", "fail", "pass"), (2, DAY, 3 * DAY, 0, 0, "")),
        # Neither says that it is in order.
        (("fail", "unknown", "waived", "error"), (0, None, None, 0, 1, on_day(1))),
        (("fail", "waived", "pass"), (1, 2 * DAY, 2 * DAY, 0, 0, "")),
        (("fail", "not-applicable", "pass"), (0, None, None, 1, 0, "")),
        (("fail", "not-applicable", "fail"), (0, None, None, 1, 1, on_day(3))),
    ],
)
def test_a_failure_lasts_from_the_first_fail_to_the_next_pass(steps, expected):
    assert run(*steps) == expected


@pytest.mark.parametrize("days", [(1, 3, 6, 7, 9), (9, 7, 6, 3, 1), (6, 1, 9, 3, 7)])
def test_decisions_need_not_come_in_order(days):
    results = {1: "fail", 3: "pass", 6: "fail", 7: "fail", 9: "pass"}
    fixes = Fixes({"p"})
    for day in days:
        fixes.add(("p", ""), make_row({"a": results[day]}, time=on_day(day)))
    assert fixes.list_fixing({})[0][1:] == (2, 2 * DAY, 3 * DAY, 0, 0, "")


def test_of_two_at_one_time_the_later_one_counts():
    fixes = Fixes({"p"})
    for day, result in ((2, "fail"), (1, "pass"), (2, "pass")):
        fixes.add(("p", ""), make_row({"a": result}, time=on_day(day)))
    assert fixes.list_fixing({})[0][1:] == (1, 0, 0, 0, 0, "")


def test_each_project_and_policy_for_itself():
    fixes = Fixes()
    fixes.add(("p", ""), make_row({"a": "fail", "b": "fail"}, time=on_day(1)))
    fixes.add(("q", ""), make_row({"a": "pass", "b": "pass"}, time=on_day(2)))
    fixes.add(("p", ""), make_row({"a": "pass", "b": "fail"}, time=on_day(3)))
    assert {one.note.id: (one.fixed, one.open) for one in fixes.list_fixing({})} == {"a": (1, 0), "b": (0, 1)}


def test_long_ones_are_rounded_to_hours_so_that_few_lengths_are_kept():
    fixes = Fixes()
    fixes.add(("p", ""), make_row({"a": "fail"}, time="2026-08-01T00:00:00Z"))
    fixes.add(("p", ""), make_row({"a": "pass"}, time="2026-08-04T00:29:00Z"))
    assert fixes.list_fixing({})[0].median == 3 * DAY


@pytest.mark.parametrize(("values", "median"), [((), None), ((4,), 4), ((1, 9), 1), ((1, 5, 9), 5), ((2, 2, 2, 8), 2)])
def test_the_median(values, median):
    assert find_median(Counter(values)) == median
