"""Source lines with a caret under the place that a message is about."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from policy.source.display import measure_width, show_character, show_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.errors import Location

_COLUMNS = 120
_BEFORE_SPAN = 40


def quote(text: str, location: Location, label: str = "", context: int = 0) -> str:
    """The line at `location` below its number, its span underlined, and `context` lines on both sides.

    Places outside the text are moved into it; a span over several lines is underlined on its first.
    """
    lines = _split_lines(text)
    number = min(max(location.line, 1), len(lines))
    numbers = range(max(1, number - context), min(len(lines), number + context) + 1)
    width = len(str(numbers[-1]))
    rows = []
    for current in numbers:
        shown, underline = _underline(lines[current - 1], location if current == number else None)
        rows.append(f" {current:>{width}} | {shown}")
        if current == number:
            rows.append(f" {'':>{width}} | {underline} {show_text(label)}")
    return "\n".join(row.rstrip() for row in rows)


@lru_cache(maxsize=4)
def _split_lines(text: str) -> list[str]:
    """Lines as editors count them; `str.splitlines` also splits at form feeds and the like."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _underline(line: str, location: Location | None) -> tuple[str, str]:
    """The line as it is shown, cut around the span of the location, and the row of carets below it."""
    start, end = _find_span(line, location) if location else (0, 0)
    first, last = _find_window(line, start, end)
    before, span, after = line[first:start], line[start : min(end, last)], line[min(end, last) : last]
    head, tail = "…" * (first > 0), "…" * (last < len(line))
    shown = head + show_text(before) + show_text(span) + show_text(after) + tail
    indent = " " * measure_width(head + show_text(before))
    return shown, indent + "^" * max(1, measure_width(show_text(span)))


def _find_span(line: str, location: Location) -> tuple[int, int]:
    """The span on its first line, at least one column wide, as a slice of the line."""
    start = min(max(location.column - 1, 0), len(line))
    goes_on = location.end_line > location.line
    end = len(line.rstrip()) if goes_on else min(location.end_column - 1, len(line))
    return start, max(end, start + 1)


def _find_window(line: str, start: int, end: int) -> tuple[int, int]:
    """The slice of the line that fits the columns and holds the span, or the start of it."""
    if len(line) <= _COLUMNS and line.isascii() and line.isprintable():
        return 0, len(line)  # as almost always: one column a character
    span_end = min(end, len(line))
    first = span_end - _count_fitting(reversed(line[max(0, span_end - _COLUMNS - 1) : span_end]), _COLUMNS)
    if first > 0:
        first = start - _count_fitting(reversed(line[max(0, start - _BEFORE_SPAN) : start]), _BEFORE_SPAN)
    return first, first + _count_fitting(line[first : first + _COLUMNS], _COLUMNS)


def _count_fitting(characters: Iterable[str], columns: int) -> int:
    """How many of the characters fit; one without width counts too, so that no row is endless."""
    widths = (max(1, measure_width(show_character(character))) for character in characters)
    return sum(total <= columns for total in accumulate(widths))
