"""Appending: drafts become entries that follow the last one, in one transaction, durable when it returns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from policy.records.changes import Watch
from policy.records.entry import Entry, start_chain
from policy.records.faults import name_fault
from policy.records.layout import write_select
from policy.records.objects import DecisionRow
from policy.records.planning import Plan, list_writes, plan, state_clock
from policy.records.runs.alike import settle
from policy.records.runs.queries import find_steps
from policy.records.runs.rows import RunRow
from policy.records.schema_version import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.records.database import Head, Session
    from policy.records.planning import Prepared

_DECISIONS: Final = (
    "SELECT d.decision_id, e.seq, e.time, e.type, e.payload, e.leaf, e.chain"
    " FROM decisions d JOIN entries e ON e.seq = d.seq WHERE d.decision_id IN ({})"
)
_OBJECTS: Final = "SELECT digest, NULL, NULL, NULL, NULL, NULL, NULL FROM objects WHERE digest IN ({})"
_FIND_ONE: Final = _DECISIONS.format("?")
# Values in one query; a batch is seldom more.
MOST_ASKED: Final = 200
MOST_REMEMBERED: Final = 10_000


def find_decision(session: Session, decision_id: str) -> Entry | None:
    """The entry that records a decision."""
    rows = session.read(_FIND_ONE, (decision_id,))
    return Entry(*rows[0][1:]) if rows else None


def find_known(session: Session, ids: Sequence[str], digests: Sequence[str]) -> tuple[dict[str, Entry], set[str]]:
    """Of some decisions the entries of those that are recorded; of some objects those that are stored."""
    recorded: dict[str, Entry] = {}
    stored: set[str] = set()
    half = MOST_ASKED // 2
    for start in range(0, max(len(ids), len(digests)), half):
        some, others = ids[start : start + half], digests[start : start + half]
        for row in session.read(_write_find(len(some), len(others)), (*some, *others)):
            if row[1] is None:
                stored.add(row[0])
            else:
                recorded[row[0]] = Entry(*row[1:])
    return recorded, stored


def _write_find(ids: int, digests: int) -> str:
    """One statement, for each is a way to the server and back."""
    asked = ((_DECISIONS, ids), (_OBJECTS, digests))
    return " UNION ALL ".join(query.format(", ".join("?" * count)) for query, count in asked if count)


def read_range(session: Session, start: int, stop: int) -> list[Entry]:
    """Entries from `start` to before `stop`."""
    return list(
        map(
            Entry._make, session.read(write_select("entries", "WHERE seq >= ? AND seq < ? ORDER BY seq"), (start, stop))
        )
    )


def say_time(now: datetime) -> str:
    """A time as entries have it: UTC, milliseconds."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


class Appender:
    """Appends on one session, for one thread at a time; `now` instead of the database's clock or the system's."""

    def __init__(self, ledger_id: str, now: Callable[[], datetime] | None) -> None:
        self.ledger_id = ledger_id
        self.now = now
        # What was being written when the last append failed: nobody knows whether it is there.
        self.unsure: Plan | None = None
        self._stored: set[str] = set()
        self._watch = Watch()

    def start(self, session: Session) -> Head:
        """Begin a transaction that holds the lock. Raises LedgerError where the schema is another one by now."""
        head = session.begin()
        check_schema(head.schema)
        return head if head.size else head._replace(chain=start_chain(self.ledger_id))

    def plan(self, session: Session, head: Head, drafts: Sequence[Prepared], *, careful: bool = True) -> Plan:
        """What appending the drafts after `head` writes.

        Without being `careful` it is not asked whether decisions are recorded: most are new, and one that is there the
        database refuses to record again.
        """
        drafts = settle(session.read, drafts)
        clock = (not self.now and head.clock) or say_time(self.now() if self.now else datetime.now(UTC))
        if clock < head.time:
            drafts = [state_clock(draft, clock) for draft in drafts]
        ids = [draft.index.decision_id for draft in drafts if careful and isinstance(draft.index, DecisionRow)]
        steps = find_steps(session, [draft.index for draft in drafts if isinstance(draft.index, RunRow)])
        inputs = {item.digest for draft in drafts for item in draft.objects}
        remembered = inputs & self._stored
        recorded, stored = find_known(session, ids, [*(inputs - remembered)])
        watcher = self._watch.begin(session, head.chain)
        made = plan(self.ledger_id, head, drafts, recorded, clock, stored | remembered, steps, watcher.watch)
        return made._replace(watcher=watcher)

    def append(self, session: Session, drafts: Sequence[Prepared]) -> list[Entry]:
        """Append in a transaction of its own; after a lost connection the same drafts, which may be there already."""
        tried, self.unsure = self.unsure, None
        try:
            head = self.start(session)
            if tried is not None and is_done(session, tried):
                session.roll_back()
                return tried.answers
            try:
                made = self._write(session, head, drafts, careful=not session.tries_first)
            except Exception as error:
                fault = name_fault(error, "")
                if fault is None or fault.kind != "refused" or not session.tries_first:
                    raise
                session.roll_back()
                made = self._write(session, self.start(session), drafts, careful=True)
        except BaseException:
            _give_up(session)
            raise
        self.unsure = None
        self._watch.keep(made)
        self._remember(drafts)
        return made.answers

    def _write(self, session: Session, head: Head, drafts: Sequence[Prepared], *, careful: bool) -> Plan:
        made = self.unsure = self.plan(session, head, drafts, careful=careful)
        session.write(list_writes(made), commit=True)
        return made

    def _remember(self, drafts: Sequence[Prepared]) -> None:
        """Inputs are the same in many decisions, and need not be sent again."""
        if len(self._stored) > MOST_REMEMBERED:
            self._stored.clear()
        for draft in drafts:
            if draft.objects:
                self._stored.update([item.digest for item in draft.objects])


def is_done(session: Session, tried: Plan) -> bool:
    """Whether the entries of a plan are there: no other entry has the same hash at the same place."""
    if not tried.entries:
        return False
    return read_range(session, tried.entries[0].seq, tried.entries[-1].seq + 1) == tried.entries


def _give_up(session: Session) -> None:
    try:
        session.roll_back()
    except Exception:  # noqa: BLE001 - what went wrong first is what is raised
        session.close()
