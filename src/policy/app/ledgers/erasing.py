"""Erasing from a ledger what must not be kept, by who sits at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.identity import identify_user
from policy.records.erasure import erase
from policy.records.ledger import open_ledger
from policy.records.people import find_person, identify_person

if TYPE_CHECKING:
    from policy.app.ledgers.locating import Place
    from policy.records.entry import Entry


def erase_at(place: Place, target: str, reason: str) -> tuple[Entry, str]:
    """Erase an object, by its digest, or a person's name, by their id or the name itself. Raises LedgerError.

    Gives the entry that says so, and what it names as erased.
    """
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        named = find_person(ledger, target) or target
        return erase(ledger, named, by=identify_person(ledger, identify_user()), reason=reason), named
