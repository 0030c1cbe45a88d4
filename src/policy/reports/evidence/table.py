"""The table of evidence: its sections in the same columns, which are as wide as takes the fewest lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.colour import paint
from policy.reports.evidence.cells import GAP, WIDTH
from policy.reports.layout import wrap
from policy.source.display import measure_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.reports.evidence.rows import Row, Section

WIDEST_NAME = 26
NARROWEST_VALUE, WIDEST_VALUE = 8, 28
ORIGIN = len("estimated")
ORIGIN_STYLES = {"observed": "green", "attested": "green"}


class Table:
    """Lays out the sections of one subject in the same columns."""

    def __init__(self, sections: Sequence[Section], *, colour: bool) -> None:
        self.rows = [row for section in sections for row in section.rows]
        self.colour = colour
        names = [measure_width(_indent(section, row) + row.name) for section in sections for row in section.rows]
        self.value_at = max((name for name in names if name <= WIDEST_NAME), default=0) + len(GAP)
        widths = range(NARROWEST_VALUE, WIDEST_VALUE + 1)
        self._set_width(min(widths, key=self._count_lines))

    def _set_width(self, width: int) -> None:
        self.origin_at = self.value_at + width + len(GAP)
        self.where_at = self.origin_at + ORIGIN + len(GAP)

    def _count_lines(self, width: int) -> int:
        """How many more lines the table takes, where values have this width."""
        self._set_width(width)
        long_values = sum(measure_width(row.value) > width for row in self.rows)
        return long_values + sum(not self._fits(row) for row in self.rows)

    def _fits(self, row: Row) -> bool:
        return self.where_at + measure_width(row.where) <= WIDTH

    def write(self, section: Section) -> Iterator[str]:
        """A section with its heading."""
        if section.title:
            yield GAP + paint(section.title, "bold", colour=self.colour)
        for row in section.rows:
            yield from self._write_row(row, _indent(section, row))

    def _write_row(self, row: Row, indent: str) -> Iterator[str]:
        line = Line(self.colour)
        if row.doubt and row.value:
            line.add("!", "yellow")
        line.add(indent[line.used :] + row.name)
        style = "yellow" if row.doubt else "" if row.judged else "dim"
        for part in wrap(row.value, width=WIDTH - self.value_at) if row.value else ():
            yield from line.move(self.value_at)
            line.add(part, style)
        if row.origin:
            yield from line.move(self.origin_at)
            line.add(row.origin, ORIGIN_STYLES.get(row.origin, "") if row.judged else "dim")
        if self._fits(row) and row.where:
            yield from line.move(self.where_at)
            line.add(row.where, "dim")
        yield line.text
        if not self._fits(row):
            indent = " " * (self.value_at + len(GAP))
            for below in wrap(row.where, indent, width=WIDTH):
                yield indent + paint(below.removeprefix(indent), "dim", colour=self.colour)


def _indent(section: Section, row: Row) -> str:
    """Below a heading a row stands deeper, and a field of a record still deeper."""
    return GAP * (1 + bool(section.title) + row.inside)


class Line:
    """A line that is filled from left to right; `used` counts its columns."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour
        self.text = ""
        self.used = 0

    def move(self, column: int) -> Iterator[str]:
        """Go on at a column; where the line has passed it already, it is finished, and another one begun."""
        if self.used > column - len(GAP):
            yield self.text
            self.text, self.used = "", 0
        self.text += " " * (column - self.used)
        self.used = column

    def add(self, text: str, style: str = "") -> None:
        """A text, in a style."""
        self.text += paint(text, style, colour=self.colour) if style and text.strip() else text
        self.used += measure_width(text)
