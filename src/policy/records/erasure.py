"""Erasing what must not be kept: its hash stays, and an entry says what was erased, by whom and why."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from policy.model.approval import has_words
from policy.records.entry import Entry
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_insert, write_select
from policy.records.objects import Draft
from policy.source.display import quote_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.records.database import Session
    from policy.records.ledger import Ledger
    from policy.records.transaction import Transaction

FORMAT: Final = "policy-erasure/1"
PERSON: Final = re.compile(r"p-[a-z2-7]{26}")
LONGEST: Final = 2000
# An input, or what one entry says, or several that say the same.
_FIND: Final = (
    "SELECT body FROM objects WHERE digest = ?"
    " UNION ALL SELECT body FROM payloads WHERE seq IN (SELECT seq FROM entries WHERE payload = ?)"
)
_ERASURE: Final = write_select(
    "entries", "WHERE type = 'erasure' AND seq IN (SELECT seq FROM erasures WHERE target = ?)"
)
_FORGET_NAME: Final = ("UPDATE people SET name = NULL, folded = NULL WHERE id = ?",)
_FORGET: Final = (
    "UPDATE objects SET body = NULL WHERE digest = ?",
    "UPDATE payloads SET body = NULL WHERE seq IN (SELECT seq FROM entries WHERE payload = ?)",
)


class Erasing(NamedTuple):
    """The entry that says that something is erased, an earlier one where it is not `new`.

    `left` is what keeps it from being gone from the database; who erases it again tries again.
    """

    entry: Entry
    new: bool
    left: str


def erase(ledger: Ledger, target: str, *, by: str, reason: str) -> Erasing:
    """Erase an object, by its digest, or a person's name, by their id; `by` is a person's id. Raises LedgerError.

    In PostgreSQL it takes the rights of the owner. Of what is erased already nothing more is recorded.
    """
    return erase_all(ledger, [target], by=by, reason=reason)[-1]


def erase_all(ledger: Ledger, targets: Sequence[str], *, by: str, reason: str) -> list[Erasing]:
    """Erase several in one transaction, each by an entry of its own. Raises as `erase`, and erases nothing then."""
    if not PERSON.fullmatch(by):
        raise LedgerError("draft", "who erases is to be named by the id of a person")
    if not has_words(reason) or len(reason) > LONGEST:
        remedy = "say in a few words why it must not be kept: that stays in the ledger"
        raise LedgerError("draft", f"an erasure has a reason, of at most {LONGEST:,} characters", remedy)
    said = {"format": FORMAT, "by": by, "reason": reason}
    with _told_who_may(), named_faults(ledger.place), ledger.transaction() as transaction:
        erased = [_erase(transaction, target, {**said, "target": target}) for target in targets]
    left = _forget(ledger)
    return [Erasing(entry, new, left) for entry, new in erased]


@contextmanager
def _told_who_may() -> Iterator[None]:
    """Who may append is told whose rights it takes."""
    try:
        yield
    except LedgerError as error:
        if error.kind != "read-only":
            raise
        remedy = "run it as the owner of the ledger's tables or its file: who may only append erases nothing"
        raise LedgerError(error.kind, error.problems[0].message, remedy) from None


def _erase(transaction: Transaction, target: str, payload: dict[str, str]) -> tuple[Entry, bool]:
    """The entry that says so, and whether it is a new one."""
    rows = transaction.session.read(_ERASURE, (target,))
    if not _is_there(transaction.session, target):
        if not rows:
            raise LedgerError("corrupt", f"`{target}` is gone, and no entry says that it was erased")
        return Entry(*rows[0]), False
    entry = transaction.append([Draft("erasure", payload)])[0]
    transaction.session.write(list_erasure(target, entry.seq, first=not rows), commit=False)
    return entry, True


def _forget(ledger: Ledger) -> str:
    """The database still has what was there; what of it is left. That it was erased is on record, whatever fails."""
    try:
        with named_faults(ledger.place):
            return ledger.database.forget()
    except LedgerError as error:
        return error.problems[0].message


def list_erasure(target: str, seq: int, *, first: bool = True) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The statements that erase, after the entry that says so; not the `first` where the same was recorded again."""
    statements = _FORGET_NAME if PERSON.fullmatch(target) else _FORGET
    named = [(write_insert("erasures"), [(target, seq)])] if first else []
    return [*named, *((statement, [(target,)]) for statement in statements)]


def _is_there(session: Session, target: str) -> bool:
    """Whether there is something left to erase. Raises LedgerError where there never was, or it stays."""
    if PERSON.fullmatch(target):
        rows = session.read("SELECT name FROM people WHERE id = ?", (target,))
    else:
        rows = session.read(_FIND, (target, target))
    if not rows:
        remedy = "name a person by the whole name or the id, and an object by its digest, as `policy ledger show` does"
        raise LedgerError("draft", f"there is nothing in the ledger that is called {quote_name(target, 80)}", remedy)
    if all(kept is None for (kept,) in rows):
        return False
    if session.read("SELECT 1 FROM entries WHERE payload = ? AND type = 'erasure'", (target,)):
        remedy = "leave it: it holds no name, only what was erased, by whose id and why"
        raise LedgerError("draft", "what an erasure says of itself is not erased", remedy)
    return True
