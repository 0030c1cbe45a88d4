"""A table as HTML: rows that stack where there is no room for columns, or cards where a row is wide."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from policy.reports.audit.tables import say_minutes
from policy.reports.audit.words import RESULTS, STATES, VERDICTS
from policy.reports.html.markup import KEPT, Html, code, element, join, name, terms, write, write_prose
from policy.reports.html.words import badge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.reports.audit.tables import Cell, Column, Row, Table

ABSENT: Final = element("span", "not provided", class_="absent")
# Enough to find it by, and it fits a column.
SHORT_DIGEST: Final = 12
# What the style sheet gives room or sets to the right.
CLASSES: Final = {
    **dict.fromkeys(("number", "minutes", "percent"), "n"),
    **dict.fromkeys(("result", "verdict", "state"), "b"),
    "digest": "d",
    "time": "t",
}
NONE: Final = element("span", "none", class_="absent")
BADGES: Final = {
    "fail": "block",
    "error": "hold",
    "unknown": "unknown",
    "waived": "waived",
    "waived-unknown": "waived",
    "pass": "allow",
    "active": "allow",
    "expiring": "flag",
    "expired": "block",
    "approved": "allow",
    "rejected": "block",
    STATES["override"]: "hold",
}


def write_table(table: Table, most: int) -> Html:
    """The table, of which at most so many rows are shown; what is left out is counted."""
    if not table.total:
        return element("p", element("b", table.title), ": ", table.empty, class_="empty")
    rows = islice(table.rows(), most)
    body = join(_write_card(table, row) for row in rows) if table.cards else _write_rows(table, rows)
    return element("div", body, _say_rest(table, most), _say_about(table), class_="sheet")


def _say_rest(table: Table, most: int) -> Html:
    if table.total <= most:
        return Html("")
    said = f"The first {most:,} of {table.total:,} rows; the CSV and JSON reports have all of them."
    return element("p", said, class_="cut-off")


def _say_about(table: Table) -> Html:
    return element("p", write_prose(table.about), class_="note") if table.about else Html("")


def _write_rows(table: Table, rows: Iterable[Row]) -> Html:
    head = [
        element("th", column.label or column.title, scope="col", class_=CLASSES.get(column.kind, ""))
        for column in table.columns
    ]
    openings = _write_openings(table.columns)
    body = "".join(_write_row(table, openings, row) for row in rows)
    return Html(
        f'<table class="data t-{table.name}">{element("caption", table.title)}'
        f"{element('thead', element('tr', *head))}<tbody>{body}</tbody></table>\n"
    )


@lru_cache(maxsize=64)
def _write_openings(columns: tuple[Column, ...]) -> tuple[str, ...]:
    # On a narrow screen the cells stand below each other, each after its column's title.
    written = {kind: f' class="{name}"' for kind, name in CLASSES.items()}
    return tuple(f'<td{written.get(column.kind, "")} data-title="{write(column.title)}">' for column in columns[1:])


def _write_row(table: Table, openings: tuple[str, ...], row: Row) -> str:
    cells = [show(cell, column) for cell, column in zip(row, table.columns, strict=True)]
    others = "".join(f"{opening}{cell}</td>" for opening, cell in zip(openings, cells[1:], strict=True))
    last = ' class="all"' if row[0] == "all" else ""
    return f'<tr{last}><th scope="row">{cells[0] or NONE}</th>{others}</tr>\n'


def _write_card(table: Table, row: Row) -> Html:
    """A row whose first two cells are its heading."""
    cells = [show(cell, column) for cell, column in zip(row, table.columns, strict=True)]
    titles = [column.title for column in table.columns]
    first, second = (element("small", title.lower()) for title in titles[:2])
    heading = element("h3", first, " ", cells[0] or NONE, " ", second, " ", cells[1])
    return element("article", heading, terms(zip(titles[2:], cells[2:], strict=True)), class_="card")


def show(cell: Cell, column: Column) -> Html:
    """A cell as its kind is shown; what is missing where somebody answers for something is said."""
    if cell is None or cell in ("", ()):
        return ABSENT if column.kind in ("owner", "given") else Html("")
    if isinstance(cell, int):
        return _show_number(cell, column.kind)
    if isinstance(cell, tuple):
        return join([code(part) for part in cell], ", ")
    return _SHOWN.get(column.kind, write)(cell)


def _show_number(number: int, kind: str) -> Html:
    if kind == "minutes":
        return write(say_minutes(number))
    # Most are none, and what is not none is to be seen.
    return (
        write(f"{number} %" if kind == "percent" else f"{number:,}") if number else Html('<span class="nil">0</span>')
    )


@lru_cache(maxsize=KEPT)
def _show_digest(text: str) -> Html:
    digits = text.removeprefix("sha256:")
    return element("code", digits if len(digits) <= SHORT_DIGEST else f"{digits[:SHORT_DIGEST]}…")


def _show_time(text: str) -> Html:
    """A time to the minute; the other formats have it to the second."""
    shown = text[:16].replace("T", " ")
    return element("time", shown, datetime=text) if len(text) >= len("2026-11-20T10:00Z") else write(text)


def _show_result(text: str) -> Html:
    if text == "all":
        return element("b", "All")
    return badge(BADGES.get(text, text), RESULTS.get(text, text))


_SHOWN: Final[dict[str, Callable[[str], Html]]] = {
    "name": name,
    "owner": name,
    "code": code,
    "prose": write_prose,
    "given": write_prose,
    "digest": _show_digest,
    "time": _show_time,
    "result": _show_result,
    "state": lambda text: badge(BADGES.get(text, "unknown"), text),
    "verdict": lambda text: badge(text, VERDICTS.get(text, text)),
}
