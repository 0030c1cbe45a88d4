"""Notices as they are stored, and the ids by which whoever receives one twice knows it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.records.requests.rows import Row

OPENED, DECIDED, EXPIRING = "opened", "decided", "expiring"
WAITING, DELIVERED, GIVEN_UP, DROPPED = "waiting", "delivered", "given-up", "dropped"
STATES: Final = (WAITING, DELIVERED, GIVEN_UP, DROPPED)
"""A notice is dropped where what it tells is no longer so."""


class Notice(NamedTuple):
    """What one webhook is to be told. `number` is their order; times are texts.

    It is tried when it is `due`, by who has it until the `lease` ends; `said` is what came of the last try.
    """

    webhook: str
    id: str
    number: int
    request: str
    event: str
    body: str
    made: str
    due: str
    tries: int
    lease: str
    state: str
    said: str


class Happening(NamedTuple):
    """Something that is told: an event, the entry of what happened or of the request, the time, and the request."""

    event: str
    seq: int
    time: str
    row: Row

    def name_notice(self, ledger: str) -> str:
        """The id of its notices: the same whoever makes them, and whenever."""
        said = f"{ledger}\n{self.event}\n{self.row.id}\n{self.seq}"
        return f"n-{sha256(said.encode()).hexdigest()[:32]}"


class Made(NamedTuple):
    """A notice that is still to be kept."""

    id: str
    request: str
    event: str
    body: str
