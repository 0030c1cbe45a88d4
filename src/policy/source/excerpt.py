"""Source lines with a caret under the place that a message is about."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from policy.source.display import hide_logins, measure_width, show_character, show_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.errors import Location
    from policy.source.masking import Span

_COLUMNS = 120
_BEFORE_SPAN = 40


def quote(text: str, location: Location, label: str = "", context: int = 0) -> str:
    """The line at `location` below its number, its span underlined, and `context` lines on both sides.

    Places outside the text are moved into it; a span over several lines is underlined on its first. Who logs in where,
    in an address, is not shown.
    """
    from policy.source.masking import mask_line  # what has nothing to show starts without it

    lines, logins = _split_lines(text), _find_logins(text)
    number = min(max(location.line, 1), len(lines))
    numbers = range(max(1, number - context), min(len(lines), number + context) + 1)
    width = len(str(numbers[-1]))
    rows = []
    for current in numbers:
        line, span = lines[current - 1], (0, 0)
        if current == number:
            span = _find_span(line, location)
        shown, underline = _underline(*mask_line(line, logins.get(current, ()), span))
        rows.append(f" {current:>{width}} | {shown}")
        if current == number:
            rows.append(f" {'':>{width}} | {underline} {show_text(hide_logins(label))}")
    return "\n".join(row.rstrip() for row in rows)


@lru_cache(maxsize=4)
def _split_lines(text: str) -> list[str]:
    """Lines as editors count them; `str.splitlines` also splits at form feeds and the like."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@lru_cache(maxsize=4)
def _find_logins(text: str) -> dict[int, list[Span]]:
    """By the number of a line what of it is not shown."""
    from policy.source.masking import find_logins

    lines = _split_lines(text)
    found: dict[int, list[Span]] = {}
    number, begins = 1, 0
    for start, end in find_logins("\n".join(lines)):
        while begins + len(lines[number - 1]) < start:
            begins, number = begins + len(lines[number - 1]) + 1, number + 1
        current, begun = number, begins
        while begun < end:
            length = len(lines[current - 1])
            found.setdefault(current, []).append((max(start - begun, 0), min(end - begun, length)))
            current, begun = current + 1, begun + length + 1
    return found


def _underline(line: str, span: Span) -> tuple[str, str]:
    """The line as it is shown, cut around the span, and the row of carets below it."""
    start, end = span
    first, last = _find_window(line, start, end)
    before, inside, after = line[first:start], line[start : min(end, last)], line[min(end, last) : last]
    head, tail = "…" * (first > 0), "…" * (last < len(line))
    shown = head + show_text(before) + show_text(inside) + show_text(after) + tail
    indent = " " * measure_width(head + show_text(before))
    return shown, indent + "^" * max(1, measure_width(show_text(inside)))


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
