"""What was found where, and how much of each kind: never the thing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_PLACES = 10
"""So many places are kept of each family in a file: all are counted, and memory stays flat."""


class Span(NamedTuple):
    """One finding in a piece of text, from `start` to `end` in bytes."""

    start: int
    end: int
    kind: str


class Place(NamedTuple):
    """Where one finding begins: line and column in characters from 1, `offset` in bytes from 0."""

    kind: str
    line: int
    column: int
    offset: int


class Family(NamedTuple):
    """Kinds that are counted together; each of `finders` yields the spans of a text that it knows.

    Where spans overlap, the finding that begins first counts, and of those the one of the earlier finder.
    """

    name: str
    finders: tuple[Callable[[bytes], Iterator[Span]], ...]


class Findings(NamedTuple):
    """Of one family in one file: kind to number, and the first places."""

    counts: dict[str, int]
    places: tuple[Place, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def find_spans(family: Family, text: bytes) -> list[Span]:
    """The findings of a family in order, none of which overlaps another."""
    kept: list[Span] = []
    end = 0
    for span in sorted(_list_spans(family, text), key=lambda span: span.start):
        if span.start >= end:
            kept.append(span)
            end = span.end
    return kept


def _list_spans(family: Family, text: bytes) -> Iterable[Span]:
    for find in family.finders:
        yield from find(text)
