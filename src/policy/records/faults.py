"""What can go wrong with a ledger, each a defined error whose `kind` says which; drivers' errors become these."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEDIES: Final = {
    "address": "write `sqlite:///ledger.db`, or `postgresql://user@host/database`",
    "extra": "install what a ledger needs: `pip install 'tunegate[ledger]'`",
    "absent": "make it with `policy ledger init`",
    "foreign": "name a database of its own for the ledger",
    "newer": "upgrade tunegate to the version that wrote it, or a later one",
    "older": "bring it up to date with `policy ledger init`",
    "schema": "restore it from a backup, and hold it against the last checkpoint with `policy ledger verify`",
    "corrupt": "keep the file as it is, restore a backup, and hold that against the last checkpoint",
    "another": "name the ledger that is meant, or, if it was replaced on purpose, the new one's id",
    "read-only": "let the user who runs this write to the database, and for SQLite to its folder",
    "locked": "find the program that holds the database, or wait for it",
    "full": "make room on the disk of the database",
    "lost": "try again: what was acknowledged is there, and a decision is recorded once however often it is sent",
    "unreachable": "start the database, and look at its address and at how one logs in",
    "crowded": "let the database take more connections, or find the programs that have so many",
    "role": "make the role first (`createuser`), or name one that is there",
    "refused": "append through tunegate; what is recorded is never changed",
    "secret": "take the secret out of what is recorded: name where it is kept, not what it is",
    "draft": "",
}
"""Kinds of faults, and what to do about each where nothing better is known."""

OF_A_DRAFT: Final = ("draft", "refused", "secret")
"""Faults of what is to be recorded: of several that are recorded together, one may be at fault for all."""

_SQLITE: Final = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read-only",
    "SQLITE_PERM": "read-only",
    "SQLITE_AUTH": "read-only",
    "SQLITE_CANTOPEN": "unreachable",
    "SQLITE_CORRUPT": "corrupt",
    "SQLITE_NOTADB": "corrupt",
    "SQLITE_IOERR": "unreachable",
    "SQLITE_CONSTRAINT": "refused",
    "SQLITE_ERROR": "schema",
    "SQLITE_TOOBIG": "draft",
    "SQLITE_MISMATCH": "draft",
}
# By SQLSTATE, the longest beginning that fits.
_POSTGRESQL: Final = {
    "08": "lost",
    "57P": "lost",
    "57014": "locked",
    "55P03": "locked",
    "40P01": "locked",
    "53": "unreachable",
    "53100": "full",
    "53300": "crowded",
    "53400": "crowded",
    "25006": "read-only",
    "42501": "read-only",
    "42": "schema",
    "42704": "role",
    "3D": "unreachable",
    "28": "unreachable",
    "XX": "corrupt",
    "58": "unreachable",
    "22": "draft",
    "23": "refused",
    "P0001": "refused",
}
_SAID: Final = {
    "locked": "another program holds it for longer than is waited for",
    "full": "its disk is full",
    "read-only": "it may not be written to",
    "unreachable": "it cannot be opened",
    "crowded": "it takes no more connections",
    "corrupt": "it is damaged",
    "role": "it has no such role",
    "refused": "its guards refuse the change",
    "schema": "its tables are not those of a ledger",
    "lost": "the connection was lost",
    "draft": "it cannot hold what is to be recorded",
}
# What helps where the driver's words tell more than the kind does.
_BETTER: Final = (
    (r"unable to open database file", "make the folder of the file, and let the user who runs this write there"),
    (r'database "[^"]*" does not exist', "make it with `createdb` and `policy ledger init`, or mend its name"),
    (r'role "[^"]*" does not exist', "make the role first (`createuser`), or name one that is there"),
)
# What a driver raises of a connection; any other error of its own is one of what it was given.
_OF_CONNECTIONS: Final = ("OperationalError", "InterfaceError")


class LedgerError(PolicyError):
    """A ledger cannot do what it is asked; `kind` is a key of `REMEDIES`."""

    def __init__(self, kind: str, message: str, remedy: str = "") -> None:
        super().__init__(Problem(message, remedy or _find_remedy(kind, message)))
        self.kind = kind

    def __reduce__(self) -> Any:
        problem = self.problems[0]
        return type(self), (self.kind, problem.message, problem.remedy)


def _find_remedy(kind: str, message: str) -> str:
    if kind == "unreachable":
        return next((better for said, better in _BETTER if re.search(said, message)), REMEDIES[kind])
    return REMEDIES[kind]


@contextmanager
def named_faults(place: str) -> Iterator[None]:
    """Turns what the drivers raise within into LedgerError, which names the ledger as `place`."""
    try:
        yield
    except Exception as error:
        named = name_fault(error, place)
        if named is None:
            raise
        raise named from error


def name_fault(error: BaseException, place: str) -> LedgerError | None:
    """A driver's error as one of ours; None for any other."""
    error = getattr(error, "orig", None) or error  # as SQLAlchemy wraps it
    if isinstance(error, sqlite3.Error):
        kind = _look_up(_SQLITE, getattr(error, "sqlite_errorname", ""), "schema")
    elif type(error).__module__.startswith("psycopg"):
        kinds = {base.__name__ for base in type(error).__mro__}
        unknown = "08" if kinds.intersection(_OF_CONNECTIONS) else "22"
        # What nobody has thought of is no outage, during which more may pass: whoever sends it would choose that.
        kind = _look_up(_POSTGRESQL, getattr(error, "sqlstate", None) or unknown, "draft")
    else:
        return None
    said = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
    return LedgerError(kind, f"the ledger `{place}` cannot be used: {_SAID[kind]} ({said})")


def _look_up(kinds: dict[str, str], code: str, otherwise: str) -> str:
    known = [beginning for beginning in kinds if code.startswith(beginning)]
    return kinds[max(known, key=len)] if known else otherwise
