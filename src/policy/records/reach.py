"""Whether a ledger is only away for now, or what was said of it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.records.address import read_address

if TYPE_CHECKING:
    from policy.records.faults import LedgerError

# Seconds; who answers does it at once.
PATIENCE: Final = 2


def is_away(error: LedgerError, url: str, folder: str = ".") -> bool:
    """Whether nobody answers where the ledger of an address is, or somebody holds it, so that it may work later.

    A server that answers and refuses, a file that is not there: that does not become right by itself.
    """
    if error.kind in ("locked", "lost"):
        return True
    return error.kind == "unreachable" and read_address(url, folder).kind == "postgresql" and not _answers(url)


def _answers(url: str) -> bool:
    """Whether a PostgreSQL server takes connections there, whoever they are for."""
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import PGconn, Ping

    place = make_conninfo(read_address(url).place, connect_timeout=PATIENCE)
    return PGconn.ping(place.encode()) not in (Ping.NO_RESPONSE, Ping.REJECT)
