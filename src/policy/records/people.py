"""People: entries name them by an id that says nothing, and a directory that can be erased says who it is."""

from __future__ import annotations

import os
from base64 import b32encode
from typing import TYPE_CHECKING, Final

from policy.model.approval import fold_name
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_insert

if TYPE_CHECKING:
    from policy.records.database import Session
    from policy.records.ledger import Ledger

__all__ = ["add_person", "find_name", "find_person", "fold_name", "identify_person"]

LONGEST: Final = 200
_FIND: Final = "SELECT id FROM people WHERE folded = ?"


def find_person(ledger: Ledger, name: str) -> str | None:
    """The id of a person whose name is in the directory, under any spelling that `fold_name` makes one."""
    known = ledger.read(_FIND, (fold_name(name),))
    return str(known[0][0]) if known else None


def identify_person(ledger: Ledger, name: str) -> str:
    """The id of a person, the same under every spelling that `fold_name` makes one; made where there is none."""
    folded = fold_name(name)
    if not folded or len(name) > LONGEST or not name.isprintable():
        raise LedgerError("draft", f"`{name[:40]!a}` is no name of a person")
    known = find_person(ledger, name)
    if known is not None:
        return known
    with named_faults(ledger.place), ledger.transaction() as transaction:
        return add_person(transaction.session, name, folded)


def add_person(session: Session, name: str, folded: str) -> str:
    """The id of a person, within a transaction."""
    known = session.read(_FIND, (folded,))
    if known:
        return str(known[0][0])
    # 130 bits, so that it tells nothing and nobody gets another's.
    person = "p-" + b32encode(os.urandom(17)).decode()[:26].lower()
    session.write([(write_insert("people"), [(person, name, folded)])], commit=False)
    return person


def find_name(ledger: Ledger, person: str) -> str | None:
    """A person's name; None where it is erased, or there is no such person."""
    rows = ledger.read("SELECT name FROM people WHERE id = ?", (person,))
    return rows[0][0] if rows else None
