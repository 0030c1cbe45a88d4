"""Erasing what must not be kept: its hash stays, and an entry says what was erased, by whom and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.model.approval import has_words
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_insert
from policy.records.objects import Draft
from policy.source.display import quote_name

if TYPE_CHECKING:
    from policy.records.database import Session
    from policy.records.entry import Entry
    from policy.records.ledger import Ledger

FORMAT: Final = "policy-erasure/1"
PERSON: Final = re.compile(r"p-[a-z2-7]{26}")
LONGEST: Final = 2000
# An input, or what one entry says, or several that say the same.
_FIND: Final = (
    "SELECT body FROM objects WHERE digest = ?"
    " UNION ALL SELECT body FROM payloads WHERE seq IN (SELECT seq FROM entries WHERE payload = ?)"
)
_FORGET_NAME: Final = ("UPDATE people SET name = NULL, folded = NULL WHERE id = ?",)
_FORGET: Final = (
    "UPDATE objects SET body = NULL WHERE digest = ?",
    "UPDATE payloads SET body = NULL WHERE seq IN (SELECT seq FROM entries WHERE payload = ?)",
)


def erase(ledger: Ledger, target: str, *, by: str, reason: str) -> Entry:
    """Erase an object, by its digest, or a person's name, by their id; `by` is a person's id. Raises LedgerError.

    In PostgreSQL it takes the rights of the owner.
    """
    if not PERSON.fullmatch(by):
        raise LedgerError("draft", "who erases is to be named by the id of a person")
    if not has_words(reason) or len(reason) > LONGEST:
        raise LedgerError("draft", f"an erasure has a reason, of at most {LONGEST} characters")
    payload = {"format": FORMAT, "target": target, "by": by, "reason": reason}
    with named_faults(ledger.place):
        with ledger.transaction() as transaction:
            _check_target(transaction.session, target)
            entry = transaction.append([Draft("erasure", payload)])[0]
            first = not transaction.session.read("SELECT 1 FROM erasures WHERE target = ?", (target,))
            transaction.session.write(list_erasure(target, entry.seq, first=first), commit=False)
        # The log still holds what was there.
        ledger.database.forget()
    return entry


def list_erasure(target: str, seq: int, *, first: bool = True) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The statements that erase, after the entry that says so; not the `first` where the same was recorded again."""
    statements = _FORGET_NAME if PERSON.fullmatch(target) else _FORGET
    named = [(write_insert("erasures"), [(target, seq)])] if first else []
    return [*named, *((statement, [(target,)]) for statement in statements)]


def _check_target(session: Session, target: str) -> None:
    if PERSON.fullmatch(target):
        rows = session.read("SELECT name FROM people WHERE id = ?", (target,))
    else:
        rows = session.read(_FIND, (target, target))
    if not rows:
        raise LedgerError("draft", f"there is nothing in the ledger that is called {quote_name(target, 80)}")
    if all(kept is None for (kept,) in rows):
        raise LedgerError("draft", f"`{target}` is erased already")
    if session.read("SELECT 1 FROM entries WHERE payload = ? AND type = 'erasure'", (target,)):
        raise LedgerError("draft", "what an erasure says of itself is not erased")
