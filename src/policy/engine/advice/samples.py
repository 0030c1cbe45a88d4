"""Answers that stand for all that a question can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.fact import Members
from policy.model.kinds import LARGEST_INTEGER, BooleanKind, DurationKind, EnumKind, IntegerKind, ListKind, NumberKind

if TYPE_CHECKING:
    from policy.model.kinds import Kind


def list_samples(kind: Kind) -> tuple[Any, ...]:
    """Every word, both truth values, both ends of a scale; none for free text, dates and money."""
    if isinstance(kind, BooleanKind):
        return True, False
    if isinstance(kind, EnumKind):
        return kind.choices
    if isinstance(kind, ListKind) and isinstance(kind.of, EnumKind):
        return tuple(Members((choice,), complete=True) for choice in kind.of.choices)
    if isinstance(kind, NumberKind):
        return max(kind.low, 0.0), min(kind.high, float(LARGEST_INTEGER))
    if isinstance(kind, IntegerKind | DurationKind):
        return 0, LARGEST_INTEGER
    return ()


def say_sample(kind: Kind, value: Any) -> str:
    """A sample in words; an end of a scale as `low` or `high`, of durations as `short` or `long`."""
    if isinstance(value, Members):
        return str(value.items[0])
    if kind.ordered:
        low, high = ("short", "long") if isinstance(kind, DurationKind) else ("low", "high")
        return low if value == list_samples(kind)[0] else high
    return kind.show(value)
