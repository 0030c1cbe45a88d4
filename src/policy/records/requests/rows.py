"""Requests as they are stored, with the people and votes that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.layout import COLUMNS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING: Final = "pending"
APPROVED: Final = "approved"
STATES: Final = ("pending", "approved", "rejected", "withdrawn", "expired", "over", "used-up")
"""The first five are stored; an approval is over when its time is, and used up after its last run."""


class Row(NamedTuple):
    """A request. Times are texts; `document` and `staked` name objects, `seq`, `decided` and `reviewed` entries."""

    id: str
    kind: str
    project: str
    gate: str
    stake: str
    subject: str
    state: str
    asked: str
    expires: str
    ends: str | None
    runs: int | None
    uses: int
    votes: int
    overridden: int
    document: str
    staked: str
    policy_set: str
    seq: int
    decided: int | None
    reviewed: int | None

    def state_at(self, clock: str) -> str:
        """How it stands at a time: one of STATES."""
        if self.state == PENDING and self.expires <= clock:
            return "expired"
        if self.state == APPROVED and self.ends is not None and self.ends <= clock:
            return "over"
        if self.state == APPROVED and self.runs is not None and self.uses >= self.runs:
            return "used-up"
        return self.state


class Person(NamedTuple):
    """Somebody in the directory; erased where there is no name. `part` is what they do there since entry `seq`."""

    id: str
    name: str | None
    part: str = ""
    seq: int = 0

    @property
    def shown(self) -> str:
        """The name, or what is left."""
        return self.name if self.name is not None else f"{self.id} (erased)"


class Vote(NamedTuple):
    """A yes or a no, `behalf` of somebody who delegated it; `seq` is its entry."""

    person: Person
    behalf: Person | None
    answer: str
    seq: int

    @property
    def owner(self) -> Person:
        """Whose vote it is."""
        return self.behalf or self.person


class Event(NamedTuple):
    """One thing that happened to a request, as its entry records it; None where that is erased."""

    seq: int
    time: str
    type: str
    payload: Mapping[str, Any] | None


class Delegation(NamedTuple):
    """Who votes for whom, from when to when; `seq` is its entry."""

    id: str
    giver: Person
    taker: Person
    starts: str
    ends: str
    seq: int = 0


def list_columns(table: str, alias: str = "") -> str:
    """The columns of a table for a query, each behind an alias."""
    return ", ".join(f"{alias}.{name}" if alias else name for name in COLUMNS[table])
