"""Appending: drafts become entries that follow the last one, in one transaction, durable when it returns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.database import Head
from policy.records.entry import TYPE, Entry, make_entry, start_chain
from policy.records.faults import LedgerError
from policy.records.layout import INSERT_OBJECT, write_insert, write_select
from policy.records.objects import StoredObject, digest_bytes
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from policy.records.database import Session
    from policy.records.objects import DecisionRow, Draft

# In the payload of an entry whose time is that of the entry before, because the clock was behind: what it said.
CLOCK: Final = "clock_read"
_INSERT_ENTRY: Final = write_insert("entries")
_INSERT_DECISION: Final = write_insert("decisions")
_FIND_DECISIONS: Final = (
    "SELECT d.decision_id, e.seq, e.time, e.type, e.payload, e.leaf, e.chain"
    " FROM decisions d JOIN entries e ON e.seq = d.seq WHERE d.decision_id IN ({})"
)
_FIND_ONE: Final = _FIND_DECISIONS.format("?")
# Values in one query; a batch is seldom more.
MOST_ASKED: Final = 100
Rows = list[tuple[Any, ...]]
MOST_REMEMBERED: Final = 10_000


class Prepared(NamedTuple):
    """A draft with its payload as the bytes that are stored."""

    type: str
    payload: Mapping[str, Any]
    body: bytes
    digest: str
    objects: Sequence[StoredObject]
    index: DecisionRow | None  # type: ignore[assignment] # instead of the method of tuples


class Plan(NamedTuple):
    """What is written: new entries, and for each draft the entry that records it, which may be an earlier one."""

    answers: list[Entry]
    entries: list[Entry]
    objects: dict[str, tuple[str, bytes]]
    decisions: Rows
    head: Head


def prepare(draft: Draft) -> Prepared:
    """A draft whose form is right. Raises LedgerError."""
    if not TYPE.fullmatch(draft.type):
        raise LedgerError("draft", f"`{draft.type[:40]!a}` is no type of an entry")
    if CLOCK in draft.payload:
        raise LedgerError("draft", f"`{CLOCK}` is not for whoever appends to state")
    if (draft.type == "decision") != (draft.index is not None):
        raise LedgerError("draft", "a decision is found by its id, and nothing else is")
    try:
        body = canonical_json(draft.payload)
    except (ValueError, TypeError, RecursionError) as error:
        raise LedgerError("draft", f"what is to be recorded cannot be written as JSON: {error}") from None
    return Prepared(draft.type, draft.payload, body, digest_bytes(body), draft.objects, draft.index)


def plan(
    ledger_id: str,
    head: Head,
    drafts: Sequence[Prepared],
    recorded: Mapping[str, Entry],
    clock: str,
    stored: Container[str],
) -> Plan:
    """The entries that follow `head` at the time `clock`; objects that are stored already are left out."""
    seq, time, chain = head[:3]
    behind, time = clock < time, max(clock, time)
    made = Plan([], [], {}, [], head)
    known = dict(recorded)
    for draft in drafts:
        if draft.index is not None and draft.index.decision_id in known:
            made.answers.append(known[draft.index.decision_id])
            continue
        body, digest = (draft.body, draft.digest) if not behind else _state_clock(draft.payload, clock)
        seq += 1
        entry = make_entry(ledger_id, chain, seq, time, draft.type, digest)
        chain = entry.chain
        made.answers.append(entry)
        made.entries.append(entry)
        for item in draft.objects:
            if item.digest not in stored:
                made.objects[item.digest] = (item.kind, item.body)
        made.objects[digest] = (draft.type, body)
        if draft.index is not None:
            known[draft.index.decision_id] = entry
            made.decisions.append((*draft.index[:-1], seq))
    return made._replace(head=Head(seq, time, chain))


def _state_clock(payload: Mapping[str, Any], clock: str) -> tuple[bytes, str]:
    body = canonical_json({**payload, CLOCK: clock})
    return body, digest_bytes(body)


def list_writes(made: Plan) -> Iterator[tuple[str, Rows]]:
    """The statements of a plan with their rows: what is referred to comes first."""
    if made.objects:
        yield INSERT_OBJECT, [(name, kind, body, name) for name, (kind, body) in made.objects.items()]
    if made.entries:
        yield _INSERT_ENTRY, list(made.entries)
    if made.decisions:
        yield _INSERT_DECISION, made.decisions


def find_decision(session: Session, decision_id: str) -> Entry | None:
    """The entry that records a decision."""
    return find_decisions(session, [decision_id]).get(decision_id)


def find_decisions(session: Session, ids: Sequence[str]) -> dict[str, Entry]:
    """Of some decisions, the entries of those that are recorded."""
    found = {}
    for start in range(0, len(ids), MOST_ASKED):
        some = ids[start : start + MOST_ASKED]
        for row in session.read(_FIND_ONE if len(some) == 1 else _write_find(len(some)), some):
            found[row[0]] = Entry(*row[1:])
    return found


def _write_find(count: int) -> str:
    return _FIND_DECISIONS.format(", ".join("?" * count))


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

    def start(self, session: Session) -> Head:
        """Begin a transaction that holds the lock."""
        head = session.begin() or Head(0, "", b"")
        return head if head.size else head._replace(chain=start_chain(self.ledger_id))

    def plan(self, session: Session, head: Head, drafts: Sequence[Prepared]) -> Plan:
        """What appending the drafts after `head` writes."""
        clock = (not self.now and head.clock) or say_time(self.now() if self.now else datetime.now(UTC))
        return plan(self.ledger_id, head, drafts, find_decisions(session, _list_ids(drafts)), clock, self._stored)

    def append(self, session: Session, drafts: Sequence[Prepared]) -> list[Entry]:
        """Append in a transaction of its own; after a lost connection the same drafts, which may be there already."""
        tried, self.unsure = self.unsure, None
        try:
            head = self.start(session)
            if tried is not None and is_done(session, tried):
                session.roll_back()
                return tried.answers
            made = self.plan(session, head, drafts)
            self.unsure = made
            session.write(list_writes(made), commit=True)
        except BaseException:
            _give_up(session)
            raise
        self.unsure = None
        self._remember(drafts)
        return made.answers

    def _remember(self, drafts: Sequence[Prepared]) -> None:
        """Inputs are the same in many decisions, and need not be sent again."""
        if len(self._stored) > MOST_REMEMBERED:
            self._stored.clear()
        self._stored.update(item.digest for draft in drafts for item in draft.objects)


def _list_ids(drafts: Sequence[Prepared]) -> list[str]:
    return [draft.index.decision_id for draft in drafts if draft.index is not None]


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
