"""Which entry is meant: by its number, by a decision's id, or by what only one id begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.records.entry import Entry
from policy.records.layout import write_select
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

SHORTEST: Final = 8
PREFIX: Final = "sha256:"
SHOWN: Final = 5
# A longer number is none of an entry's, and more than a database takes.
_DIGITS: Final = 18
_LONGEST: Final = 500
_NUMBERED: Final = write_select("entries", "WHERE seq = ?")


class Named(NamedTuple):
    """An entry, and the id of the decision by which it was found; empty where that was its number."""

    entry: Entry
    decision: str = ""


def find_named(read: Read, name: str) -> Named | None:
    """The entry of a name; `read` answers a query. Raises PolicyError where the name fits several."""
    if is_number(name):
        found = read_numbered(read, name)
        if found is not None:
            return Named(found)
    ids = _list_ids(read, name)
    if len(ids) > 1:
        more = " and more" if len(ids) > SHOWN else ""
        shown = ", ".join(f"`{decision}` (entry {seq:,})" for decision, seq in ids[:SHOWN])
        message = f"`{name}` is what several ids begin with: {shown}{more}"
        raise PolicyError(Problem(message, "write more of the one that is meant, or its entry's number"))
    for decision, seq in ids:
        found = read_numbered(read, str(seq))
        return Named(found, decision) if found is not None else None
    return None


def is_number(name: str) -> bool:
    """Whether a name may be that of an entry by its number."""
    return name.isascii() and name.isdigit()


def read_numbered(read: Read, name: str) -> Entry | None:
    """The entry of a number, which is given as a text."""
    rows = read(_NUMBERED, (int(name) if len(name) <= _DIGITS else 0,))
    return Entry._make(rows[0]) if rows else None


def _list_ids(read: Read, name: str) -> list[tuple[str, int]]:
    """The decisions that have an id, with or without what ids begin with; or else those whose ids begin so."""
    known = name if ":" in name else PREFIX + name
    exact = read("SELECT decision_id, seq FROM decisions WHERE decision_id IN (?, ?)", (name, known))
    begun = known.removeprefix(PREFIX)
    if exact or not SHORTEST <= len(begun) <= _LONGEST:
        return [(str(decision), seq) for decision, seq in exact[:1]]
    # Ids are compared by their characters, whatever order the database sorts texts in.
    query = (
        f"SELECT decision_id, seq FROM decisions WHERE substr(decision_id, 1, {len(known)}) = ?"  # noqa: S608 - a number
        f" ORDER BY seq LIMIT {SHOWN + 1}"
    )
    return [(str(decision), seq) for decision, seq in read(query, (known,))]


def say_unfound(what: str, name: str) -> PolicyError:
    """That nothing has a name."""
    shown = f"{name[:80]}…" if len(name) > 80 else name
    remedy = f"`policy ledger list` shows the last ones; of an id at least {SHORTEST} characters find its entry"
    return PolicyError(Problem(f"{what} `{shown}`", remedy))
