"""Counts of verdicts, and directions put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.gates import VERDICTS
from policy.model.set_changes import Change, PolicyChange, SetChanges, VerdictCounts, combine_directions, point


@pytest.mark.parametrize(
    ("directions", "together"),
    [
        ([], "neither"),
        (["neither", "neither"], "neither"),
        (["neither", "stricter"], "stricter"),
        (["milder", "milder"], "milder"),
        (["milder", "stricter"], "unclear"),
        (["milder", "unclear"], "unclear"),
    ],
)
def test_directions_together(directions, together):
    assert combine_directions(directions) == together


def test_what_a_sign_means():
    assert [point(sign) for sign in (1, -1, 0, None)] == ["stricter", "milder", "neither", "unclear"]


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS), st.booleans())))
def test_every_subject_is_counted_once(subjects):
    counts = VerdictCounts()
    for old, new, otherwise in subjects:
        counts.count(old, new, otherwise=otherwise)
    harder = sum(map(counts.count_harder, VERDICTS))
    assert harder + counts.freed + counts.unchanged == counts.judged == len(subjects)
    assert counts.otherwise == sum(otherwise for old, new, otherwise in subjects if old == new)


def test_wording_is_no_change_of_meaning():
    change = Change("title", "a", "b")
    worded = PolicyChange("a", "b", "changed", "neither", (), (change,))
    assert not SetChanges((worded,), known=1).has_meaning
    assert not SetChanges(makeup=(change,), known=1).has_meaning
    assert SetChanges((worded._replace(changes=(change,)),)).in_meaning
    assert SetChanges(settings=(change,)).has_meaning
    assert list(SetChanges((worded,), (change,)).list_directions()) == ["neither"]
