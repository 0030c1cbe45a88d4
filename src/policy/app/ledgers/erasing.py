"""Erasing from a ledger what must not be kept, by who sits at the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.app.approvals.identity import identify_user
from policy.app.ledgers.mentions import list_mentions
from policy.errors import Problem
from policy.records.erasure import erase_all
from policy.records.ledger import open_ledger
from policy.records.people import find_name, find_person, identify_person
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.ledgers.locating import Place
    from policy.records.entry import Entry

_NO_NAME: Final = re.compile(r"p-[a-z2-7]{26}|sha256:[0-9a-f]{64}")


class Erased(NamedTuple):
    """The entry that says what was erased, by its digest or id; it was before where it is not `new`.

    `mentions` are the recorded approvals and waivers that named a person, and were erased with the name. The warning is
    what is left of it all.
    """

    target: str
    entry: Entry
    new: bool
    mentions: tuple[str, ...]
    warning: Problem | None


def erase_at(place: Place, target: str, reason: str) -> Erased:
    """Erase an object, by its digest, or a person's name, by their id or the name itself. Raises LedgerError.

    A name stands in what was judged by it, too; there it is erased even where the directory has it no more.
    """
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        named = find_person(ledger, target) or target
        name = find_name(ledger, named) or ("" if _NO_NAME.fullmatch(named) else named)
        mentions = list_mentions(ledger, name) if name else []
        targets = [*mentions, *([] if mentions and named == name else [named])]
        erased = erase_all(ledger, targets, by=identify_person(ledger, identify_user()), reason=reason)
    last = erased[-1]
    return Erased(named, last.entry, last.new, tuple(mentions), warn_of_rest(named, last.left) if last.left else None)


def warn_of_rest(target: str, left: str) -> Problem:
    """That something is erased, and can still be read from the database by who has its files, or began earlier."""
    remedy = f"when that is over, run `policy ledger erase {target}` once more, which finishes it and records nothing"
    return Problem(f"what was erased is not gone from the database yet: {left}", remedy, level="warning")
