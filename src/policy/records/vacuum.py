"""Letting go of the rows that PostgreSQL keeps of what was erased, for whoever began to read before that."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import psycopg

# A row that was replaced stays while anything is as old as the transaction that replaced it, or older. That of the
# newest erasure is named by what it left. Vacuuming itself holds nothing back.
_HOLDING: Final = """
WITH erased AS (
    SELECT o.xmin FROM erasures e JOIN objects o ON o.digest = e.target WHERE o.body IS NULL
    UNION ALL SELECT p.xmin FROM erasures e JOIN entries n ON n.payload = e.target JOIN payloads p ON p.seq = n.seq
    WHERE p.body IS NULL
    UNION ALL SELECT p.xmin FROM erasures e JOIN people p ON p.id = e.target WHERE p.name IS NULL
), held AS (
    SELECT format('process %s of %s', pid, coalesce(usename, backend_type)) AS holder,
    greatest(age(backend_xmin), age(backend_xid)) AS age FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname IS NULL OR datname = current_database())
    AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
    UNION ALL SELECT format('the replication slot %s', slot_name), age(xmin) FROM pg_replication_slots
    UNION ALL SELECT format('the prepared transaction %s', gid), age(transaction) FROM pg_prepared_xacts
    WHERE database = current_database()
)
SELECT holder FROM held WHERE age >= (SELECT min(age(xmin)) FROM erased) ORDER BY age DESC, holder
"""
PAUSE: Final = 0.1
"""Seconds."""
NAMED: Final = 3


def vacuum(driver: psycopg.Connection[Any], patience: float) -> str:
    """Let go of what was replaced; what keeps some of it. For so many seconds it waits for whoever still reads."""
    end = time.monotonic() + patience
    while (holders := _list_holders(driver)) and time.monotonic() < end:
        time.sleep(PAUSE)
    said: list[str] = []
    driver.add_notice_handler(lambda one: said.append(one.message_primary or "") if _is_warning(one) else None)
    driver.execute("VACUUM objects, payloads, people")
    if holders:
        more = f" and {len(holders) - NAMED} more" if len(holders) > NAMED else ""
        names = ", ".join(holders[:NAMED])
        return f"it is kept for a transaction that began earlier ({names}{more})"
    # Of a table of somebody else it says so, and goes on.
    return f"the database let go of nothing ({said[0]})" if said else ""


def _list_holders(driver: psycopg.Connection[Any]) -> list[str]:
    return [str(holder) for (holder,) in driver.execute(_HOLDING).fetchall()]


def _is_warning(notice: psycopg.errors.Diagnostic) -> bool:
    return notice.severity_nonlocalized == "WARNING"
