"""What a ledger asks of its database; SQLite and PostgreSQL each have a module that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.errors import Problem
    from policy.records.address import Address


class Head(NamedTuple):
    """The last entry: how many there are, its time and chain; `clock` is the database's own, where it has one.

    `schema` is the version that the tables have now.
    """

    size: int
    time: str
    chain: bytes
    clock: str = ""
    schema: str = ""


class Layout(NamedTuple):
    """What is in a database: tables with their columns, the names of guards, the schema's version."""

    columns: dict[str, set[str]]
    guards: set[str]
    version: str


class Session(Protocol):
    """One connection, for one thread at a time; `begin` starts a transaction that holds the ledger's lock.

    Statements mark values with `?`. Faults are the driver's own. Where to be refused costs little, `tries_first`.
    """

    driver: Any
    tries_first: bool

    def begin(self) -> Head:
        """Start; without an entry the head has no time and no chain."""

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def write(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]], *, commit: bool) -> None:
        """Run each statement for each of its rows, in order."""

    def roll_back(self) -> None:
        """End the transaction without effect, as far as there is one."""

    def reset(self) -> bool:
        """Be as it was when it was opened, for whoever is next; whether it is. Raises the driver's faults."""

    def close(self) -> None:
        """Let go."""


class Database(Protocol):
    """A place for one ledger; faults are LedgerError."""

    address: Address
    dialect: str

    def open_session(self) -> Session:
        """A connection of one's own, set for durability."""

    def wrap(self, driver: Any) -> Session:
        """A session on a connection that is there."""

    def is_there(self) -> bool:
        """Whether there is something where a ledger is looked for."""

    def create(self, name: str, created: str, role: str = "") -> None:
        """Make the tables and the ledger, all or nothing; `role` is to append. No effect where there is one."""

    def forget(self) -> str:
        """See to it that what was erased can no longer be read from the database; what keeps it there, if anything."""

    def read_layout(self, session: Session) -> Layout:
        """What there is."""

    def list_guards(self) -> set[str]:
        """What there should be."""

    def list_warnings(self, session: Session) -> Sequence[Problem]:
        """What makes this database less reliable than it should be."""
