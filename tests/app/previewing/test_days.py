"""A watched day answers as any day does, and knows on which others it would have answered the same."""

from __future__ import annotations

import operator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.previewing.days import Span, WatchedDay
from policy.language.interpreter import DAY_MS, add_days

BASE = date(2026, 11, 20)
NEAR = st.integers(-6, 6)
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


def later(days):
    return BASE + timedelta(days)


@st.composite
def questions(draw):
    """Something that is asked of a day."""
    other, count, offset = later(draw(NEAR)), draw(NEAR), draw(NEAR)
    compare = draw(st.sampled_from(COMPARISONS))
    forms = (
        lambda day: compare(day, other),
        lambda day: compare(other, day),
        lambda day: compare(add_days(day, offset * DAY_MS), other),
        lambda day: compare(other, day - timedelta(offset)),
        lambda day: (day - other).days > count,
        lambda day: (other - day).days > count,
        lambda day: (add_days(day, offset * DAY_MS) - other).days > count,
        lambda day: other.month == day.month,
        lambda day: day in {other, later(1)},
        lambda day: day.isoformat(),
    )
    return draw(st.sampled_from(forms))


@given(NEAR, st.lists(questions(), max_size=4))
def test_on_every_day_of_the_span_all_answers_are_the_same(start, asked):
    span = Span()
    day = WatchedDay.watch(later(start).toordinal(), span)
    answers = [ask(day) for ask in asked]
    assert answers == [ask(later(start)) for ask in asked]
    for ordinal in range(BASE.toordinal() - 20, BASE.toordinal() + 21):
        if span.first <= ordinal <= span.last:
            assert [ask(date.fromordinal(ordinal)) for ask in asked] == answers


def test_the_span_is_as_wide_as_it_can_be():
    span = Span()
    day = WatchedDay.watch(BASE.toordinal(), span)
    assert (span.first, span.last) == (date.min.toordinal(), date.max.toordinal())
    assert day < later(3)
    assert not (day - later(-4)).days > 5
    assert (span.first, span.last) == (date.min.toordinal(), later(1).toordinal())
    assert day >= later(-2)
    assert span.first == later(-2).toordinal()


@pytest.mark.parametrize("milliseconds", [10**15, -(10**15)])
def test_beyond_the_calendar_only_the_day_itself_is_known(milliseconds):
    span = Span()
    day = WatchedDay.watch(BASE.toordinal(), span)
    assert add_days(day, milliseconds) == add_days(BASE, milliseconds)
    assert span.first == span.last == BASE.toordinal()


def test_what_it_does_not_watch_raises_rather_than_be_wrong():
    day = WatchedDay.watch(BASE.toordinal(), Span())
    with pytest.raises(TypeError):
        assert (day - BASE).days < 3
    with pytest.raises(AttributeError):
        assert (day - BASE).total_seconds()
