"""The cheap records and named tuples behave as the ones that a type checker takes them for."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from policy.structs import NamedTuple, Record


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 2

    @property
    def total(self) -> int:
        return self.x + self.y

    def __str__(self) -> str:
        return f"{self.x}/{self.y}"


class Span(Record):
    start: int
    end: int = 9
    note: str = ""

    _uncompared = frozenset({"note"})


def test_a_named_tuple_has_its_fields_defaults_methods_and_name():
    point = Point(1)
    assert (point, point.x, point.total, str(point)) == ((1, 2), 1, 3, "1/2")
    assert repr(point) == "Point(x=1, y=2)"
    assert point._replace(y=5) == (1, 5)
    assert (Point._fields, Point.__doc__, Point.__module__) == (("x", "y"), "A place.", __name__)
    assert isinstance(point, tuple)


def test_a_named_tuple_is_hashed_by_value_and_can_be_sent_to_another_process():
    assert hash(Point(1)) == hash((1, 2))
    assert pickle.loads(pickle.dumps(Point(1))) == Point(1)
    assert type(pickle.loads(pickle.dumps(Point(1)))) is Point


def test_a_named_tuple_needs_its_fields_and_takes_no_others():
    wrong: Any = Point
    with pytest.raises(TypeError):
        wrong()
    with pytest.raises(TypeError):
        wrong(1, 2, 3)
    with pytest.raises(AttributeError):
        wrong(1).x = 2


def test_a_record_is_frozen_and_compared_by_value():
    span: Any = Span(1, note="a")
    assert span == Span(1, note="b")
    assert hash(span) == hash(Span(1))
    assert span != Span(2)
    assert repr(span) == "Span(start=1, end=9, note='a')"
    with pytest.raises(AttributeError):
        span.start = 2
    with pytest.raises(AttributeError):
        del span.start


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, "", 4), {}), ((1,), {"other": 2})], ids=["few", "many", "unknown"]
)
def test_a_record_needs_its_fields_and_takes_no_others(values, named):
    wrong: Any = Span
    with pytest.raises(TypeError):
        wrong(*values, **named)
