"""Whom a server authenticated, as the directory of people has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.records.people import identify_person
from policy.records.requests.refusals import check_name

if TYPE_CHECKING:
    from policy.records.ledger import Ledger


def identify_principal(ledger: Ledger, name: str) -> str:
    """The id of somebody, made where the directory does not know the name; empty for nobody.

    Raises PolicyError for what is no name, which is no fault of the ledger.
    """
    return identify_person(ledger, check_name(name, "principal")) if name else ""
