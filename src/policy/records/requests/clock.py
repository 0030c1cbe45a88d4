"""Times as a ledger has them: texts in UTC that sort as they follow each other, told by the database where it can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.database import Session
    from policy.records.ledger import Ledger

CLOCKS: Final = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}
"""The time, in each database's SQL."""


def write_time(time: datetime) -> str:
    """A time of any zone as a text. Raises ValueError for one without a zone."""
    if time.tzinfo is None:
        raise ValueError("a time needs its zone")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def read_time(text: str) -> datetime:
    """The time of a text."""
    return datetime.fromisoformat(text)


def read_clock(ledger: Ledger, now: datetime | None = None, session: Session | None = None) -> str:
    """The time, by the database where `now` does not say it."""
    if now is not None:
        return write_time(now)
    return str((session or ledger).read(f"SELECT {CLOCKS[ledger.database.dialect]}")[0][0])


def tell_time(recorded: str, said: Mapping[str, Any]) -> str:
    """When something happened that was recorded at a time: of what waited in a spool, when that was stated."""
    spooled = said.get("spooled")
    stated = spooled.get("time") if isinstance(spooled, dict) else None
    return stated if isinstance(stated, str) else recorded


def add_length(time: str, milliseconds: int) -> str:
    """A time so much later; the last day that can be written where it would be beyond."""
    try:
        return write_time(read_time(time) + timedelta(milliseconds=milliseconds))
    except OverflowError:
        return "9999-12-31T23:59:59.999Z"
