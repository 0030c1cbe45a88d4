"""Results as tables, in Markdown so that they can stand in the documentation as printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Budget(NamedTuple):
    """A limit on a measured number: at most, or where `least` is set at least."""

    limit: float
    unit: str = ""
    least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether the value, at the precision that is shown, keeps the limit."""
        return round(value, 2) >= self.limit if self.least else round(value, 2) <= self.limit

    def say(self, value: float) -> str:
        """The limit, and whether the value is within it or over."""
        sign, fault = ("≥", "under") if self.least else ("≤", "over")
        return f"{sign} {self.limit:g}{self.unit}: {'within' if self.is_met(value) else fault}"


def print_table(title: str, method: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print one benchmark's table; the first column is text, the others are numbers."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    print(f"\n## {title}\n\n{method}\n")
    for row in (head, rule, *rows):
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)
