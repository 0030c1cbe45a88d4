"""Making notices of what is committed: each webhook has a mark up to which it was done, moved together with them.

Whoever dies between an entry and its notices leaves the mark where it was, and the next one goes on from there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from policy.records.layout import write_insert
from policy.records.notices.rows import DECIDED, EXPIRING, OPENED, WAITING, Happening
from policy.records.requests.clock import read_time, write_time
from policy.records.requests.rows import Row, list_columns
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.records.ledger import Ledger
    from policy.records.notices.rows import Made

    Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

MOST: Final = 100
# After so long nobody wants to hear what has happened since.
FORGOTTEN: Final = timedelta(days=30)
# So seldom is it noted that somebody looks after a webhook, which costs a write.
NOTED: Final = timedelta(days=1)
NEVER: Final = ""

_LAST: Final = "SELECT coalesce(max(seq), 0) FROM request_events"
_ROWS: Final = list_columns("requests", "r")
_EVENTS: Final = (
    f"SELECT v.seq, v.event, e.time, {_ROWS} FROM request_events v JOIN requests r ON r.id = v.request"  # noqa: S608 - names of ours
    " JOIN entries e ON e.seq = v.seq WHERE v.seq > ? AND v.seq <= ?"
    f" AND (v.event = 'asked' OR r.decided = v.seq) ORDER BY v.seq LIMIT {MOST}"
)
# Of a request whose opening is still to be told, its end is told later.
_ENDING: Final = (
    f"SELECT {_ROWS} FROM requests r WHERE r.state = 'pending' AND r.expires > ? AND r.expires <= ? AND r.seq <= ?"  # noqa: S608 - as above
    " AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.webhook = ? AND n.request = r.id AND n.event = 'expiring')"
    f" ORDER BY r.expires, r.id LIMIT {MOST}"
)
_BEGIN: Final = (
    "INSERT INTO notice_marks (webhook, seq, seen) VALUES (?, ?, ?) ON CONFLICT (webhook)"
    " DO UPDATE SET seq = excluded.seq, seen = excluded.seen WHERE notice_marks.seen <= ?"
)
_MOVE: Final = "UPDATE notice_marks SET seq = ?, seen = ? WHERE webhook = ? AND seq = ? RETURNING webhook"
_KEEP: Final = f"{write_insert('notices')} ON CONFLICT (webhook, id) DO NOTHING"


class Mark(NamedTuple):
    """Up to which entry a webhook has its notices, and when somebody last looked after it."""

    webhook: str
    seq: int
    seen: str


def list_marks(ledger: Ledger) -> dict[str, Mark]:
    """The marks of all webhooks."""
    return {row[0]: Mark(*row) for row in ledger.read("SELECT webhook, seq, seen FROM notice_marks")}


def find_last(ledger: Ledger) -> int:
    """The entry of the last thing that happened to any request."""
    return int(ledger.read(_LAST)[0][0])


def is_old(mark: Mark, clock: str) -> bool:
    """Whether it is time to note again that somebody looks after a webhook."""
    return mark.seen <= _shift(clock, -NOTED)


def is_forgotten(mark: Mark | None, clock: str) -> bool:
    """Whether nobody has looked after a webhook for so long, or ever, that it begins anew."""
    return mark is None or mark.seen <= _shift(clock, -FORGOTTEN)


def begin(ledger: Ledger, webhook: str, clock: str) -> None:
    """Set the mark of a webhook that is new or forgotten: it is told of what happens from now on."""
    with ledger.transaction() as transaction:
        ((last,),) = transaction.session.read(_LAST)
        values = (webhook, last, clock, _shift(clock, -FORGOTTEN))
        transaction.session.write([(_BEGIN, [values])], commit=False)


def list_happenings(read: Read, mark: Mark, last: int) -> tuple[list[Happening], int]:
    """What was opened and decided behind a mark, up to the entry `last`, and where the mark then stands."""
    found = [
        Happening(OPENED if event == "asked" else DECIDED, seq, time, Row(*row))
        for seq, event, time, *row in read(_EVENTS, (mark.seq, last))
    ]
    return found, found[-1].seq if len(found) == MOST else last


def list_ending(read: Read, mark: Mark, clock: str, within: int) -> list[Happening]:
    """Requests that nobody has decided, which end within so many milliseconds, and of which that is not told yet."""
    values = (clock, _shift(clock, timedelta(milliseconds=within)), mark.seq, mark.webhook)
    return [Happening(EXPIRING, row.seq, clock, row) for row in (Row(*row) for row in read(_ENDING, values))]


def move_mark(ledger: Ledger, mark: Mark, seq: int, made: Sequence[Made], clock: str) -> bool:
    """Move a mark, and keep the notices of what was passed by; False where somebody else has done it."""
    with ledger.transaction() as transaction:
        if not transaction.session.read(_MOVE, (seq, clock, mark.webhook, mark.seq)):
            return False
        _keep(transaction.session, mark.webhook, made, clock)
    return True


def keep_notices(ledger: Ledger, webhook: str, made: Sequence[Made], clock: str) -> None:
    """Keep notices that no mark stands for; one that is there stays as it is."""
    with ledger.transaction() as transaction:
        _keep(transaction.session, webhook, made, clock)


def _keep(session: Any, webhook: str, made: Sequence[Made], clock: str) -> None:
    if not made:
        return
    ((last,),) = session.read("SELECT coalesce(max(number), 0) FROM notices")
    rows = [
        (webhook, one.id, number, one.request, one.event, one.body, clock, clock, 0, NEVER, WAITING, "")
        for number, one in enumerate(made, last + 1)
    ]
    session.write([(_KEEP, rows)], commit=False)


def _shift(time: str, length: timedelta) -> str:
    return write_time(read_time(time) + length)
