"""A report's tables, whatever they are written as: every format has the same columns and the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Cell = str | int | tuple[str, ...] | None
    Row = tuple[Cell, ...]

TABLES: Final = (
    "scope",
    "results",
    "verdicts",
    "projects",
    "not_judged",
    "runs",
    "unadmitted_runs",
    "run_decisions",
    "policies",
    "waivers",
    "approvers",
    "overruled",
    "approvals",
    "unknowns",
    "contradictions",
    "time_to_fix",
    "controls",
    "chain",
    "policy_sets",
    "parameters",
    "mlflow_settings",
)
"""The tables of a report, in its order."""


class Column(NamedTuple):
    """`kind` says how a cell is shown: text, name, code, codes, prose, number, minutes, digest, time, result, verdict.

    `label` is a shorter title, where columns are narrow.
    """

    name: str
    title: str
    kind: str = "text"
    label: str = ""


class Table(NamedTuple):
    """`rows` gives the rows anew each time, worst first; `empty` is what is said where there are none.

    With `cards` a row has more than fits beside each other.
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Row]]
    total: int
    empty: str
    cards: bool = False


def make_table(name: str, title: str, about: str, columns: tuple[Column, ...], rows: list[Row], empty: str) -> Table:
    """A table of rows that are at hand."""
    return Table(name, title, about, columns, lambda: rows, len(rows), empty)


def make_cards(name: str, title: str, about: str, columns: tuple[Column, ...], rows: list[Row], empty: str) -> Table:
    """The same, of wide rows."""
    return make_table(name, title, about, columns, rows, empty)._replace(cards=True)


def say_minutes(minutes: int) -> str:
    """`40 min`, `3 h 20 min`, `5 d 4 h`; what took less than one took some time."""
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(hours, 24)
    return f"{days:,} d {rest} h" if rest else f"{days:,} d"
