"""What clients send before a run begins: kept by its digest for each who sent it, within limits, until it is not used.

It is on no record until a run refers to it; then it stays. Nobody needs to be kept from changing it, for its digest
names it: what is another is not given out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.records.faults import LedgerError
from policy.records.layout import write_insert
from policy.records.objects import digest_bytes
from policy.records.people import find_person
from policy.records.requests.clock import read_clock, read_time, write_time
from policy.records.requests.refusals import RefusedError
from policy.records.runs.principals import identify_principal
from policy.records.runs.rows import is_digest, is_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.records.ledger import Ledger

    Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

LARGEST: Final = 65_536
MOST: Final = 1000
MOST_BYTES: Final = 16 * 2**20
MOST_A_MINUTE: Final = 120
LASTS: Final = timedelta(hours=24)
# So seldom is it noted that somebody sends the same again, which costs a write.
REFRESHED: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)

_UNUSED: Final = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.manifest = uploads.digest)"
_FIND: Final = "SELECT received FROM uploads WHERE digest = ? AND principal = ?"
_SENDERS: Final = (
    "SELECT p.name FROM uploads u JOIN people p ON p.id = u.principal WHERE u.digest = ? AND p.name IS NOT NULL"
    " ORDER BY u.received, p.name"
)
_COUNT_RECENT: Final = "SELECT count(*) FROM uploads WHERE principal = ? AND received > ?"
_COUNT_KEPT: Final = (
    f"SELECT count(*), coalesce(sum(size), 0) FROM uploads WHERE principal = ? AND received > ? AND {_UNUSED}"  # noqa: S608 - texts of ours
)
_REFRESH: Final = "UPDATE uploads SET received = ? WHERE digest = ? AND principal = ?"
_DROP: Final = f"DELETE FROM uploads WHERE received <= ? AND {_UNUSED} RETURNING size"  # noqa: S608 - as above
_DROP_OWN: Final = f"DELETE FROM uploads WHERE principal = ? AND received <= ? AND {_UNUSED}"  # noqa: S608 - as above


class UploadError(RefusedError):
    """What is sent is not kept; `kind` says why: size, digest, rate, or storage."""

    def __init__(self, kind: str, message: str, remedy: str) -> None:
        super().__init__(Problem(message, remedy))
        self.kind = kind


def put_upload(ledger: Ledger, principal: str, digest: str, body: bytes, *, now: datetime | None = None) -> bool:
    """Keep what somebody sent; whether it is new. Raises UploadError where it is not what it is called, or too much."""
    _check_form(digest, body)
    person = identify_principal(ledger, principal)
    clock = read_clock(ledger, now)
    # Looked at before the lock is taken, which whoever sends too much shall not keep from others.
    known = ledger.read(_FIND, (digest, person))
    if known and known[0][0] > _subtract(clock, REFRESHED):
        return False
    if not known:
        _check_limits(ledger.read, person, clock)
    with ledger.transaction() as transaction:
        session = transaction.session
        if session.read(_FIND, (digest, person)):
            session.write([(_REFRESH, [(clock, digest, person)])], commit=False)
            return False
        _check_limits(session.read, person, clock)
        row = (digest, person, clock, len(body), body)
        # Whoever sends clears away behind them, so that nobody ever fills the ledger.
        old = (person, _subtract(clock, LASTS))
        session.write([(_DROP_OWN, [old]), (write_insert("uploads"), [row])], commit=False)
    return True


def get_upload(ledger: Ledger, digest: str, principal: str | None) -> bytes | None:
    """What was sent under a digest, by one person or, for None, by anybody. Raises LedgerError for a changed one."""
    if not is_digest(digest) or not is_line(principal or ""):
        return None
    if principal is None:
        rows = ledger.read("SELECT body FROM uploads WHERE digest = ? LIMIT 1", (digest,))
    else:
        person = find_person(ledger, principal) if principal else ""
        query = "SELECT body FROM uploads WHERE digest = ? AND principal = ?"
        rows = ledger.read(query, (digest, person)) if person is not None else []
    if not rows:
        return None
    body = rows[0][0]
    if not isinstance(body, bytes) or digest_bytes(body) != digest:
        raise LedgerError("corrupt", f"in the ledger `{ledger.place}` what was sent as `{digest}` is not what it was")
    return body


def list_senders(ledger: Ledger, digest: str) -> list[str]:
    """Who sent it, by name. Raises LedgerError."""
    return [str(name) for (name,) in ledger.read(_SENDERS, (digest,))] if is_digest(digest) else []


def drop_expired(ledger: Ledger, *, now: datetime | None = None) -> int:
    """Let go of what no run refers to and nobody sent again for a day; how many."""
    limit = _subtract(read_clock(ledger, now), LASTS)
    with ledger.transaction() as transaction:
        return len(transaction.session.read(_DROP, (limit,)))


def _check_form(digest: str, body: bytes) -> None:
    if len(body) > LARGEST:
        message = f"what is sent has {len(body):,} bytes, and {LARGEST:,} are the most"
        raise UploadError("size", message, "send the manifest of one project, without what it refers to")
    if not is_digest(digest) or digest_bytes(body) != digest:
        message = f"what is sent is `{digest_bytes(body)}`, and not `{digest[:80]!a}`"
        raise UploadError("digest", message, "name the SHA-256 of the bytes that are sent")


def _check_limits(read: Read, person: str, clock: str) -> None:
    """Raises UploadError for who sends too often, or keeps too much that no run refers to."""
    ((recent,),) = read(_COUNT_RECENT, (person, _subtract(clock, MINUTE)))
    if recent >= MOST_A_MINUTE:
        raise UploadError("rate", f"you have sent {recent:,} manifests within a minute", "wait a minute")
    ((count, size),) = read(_COUNT_KEPT, (person, _subtract(clock, LASTS)))
    if count >= MOST or size + LARGEST > MOST_BYTES:
        message = f"{count:,} manifests of yours with {size:,} bytes wait for a run, and no more are kept"
        raise UploadError("storage", message, "begin the runs that they are for, or wait: after a day they are let go")


def _subtract(time: str, length: timedelta) -> str:
    return write_time(read_time(time).astimezone(UTC) - length)
