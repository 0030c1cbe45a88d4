"""What appending writes: drafts become entries that follow the last one; decided without the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.database import Head
from policy.records.entry import TYPE, make_entries
from policy.records.faults import LedgerError
from policy.records.layout import write_insert
from policy.records.objects import DecisionRow, StoredObject, digest_bytes
from policy.records.runs.rows import RunRow
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from policy.records.changes import Watcher
    from policy.records.entry import Entry
    from policy.records.objects import Draft
    from policy.records.policy_sets import Use
    from policy.records.runs.queries import Steps

    Watching = Callable[["Prepared", int], Sequence["Prepared"]]

# In the payload of an entry whose time is that of the entry before, because the clock was behind: what it said.
CLOCK: Final = "clock_read"
_INSERT_OBJECT: Final = write_insert("objects")
_INSERT_PAYLOAD: Final = write_insert("payloads")
_INSERT_ENTRY: Final = write_insert("entries")
_INSERT_DECISION: Final = write_insert("decisions")
_INSERT_RUN: Final = write_insert("runs")
RELEASE: Final = "release"
"""What is said of a step that is no new one: a version was released from the run, which stays what it is."""
_INDEXES: Final = {"decision": DecisionRow, "run": RunRow}
_INSERT_USE: Final = write_insert("policy_sets")
Rows = list[tuple[Any, ...]]


class Prepared(NamedTuple):
    """A draft with its payload as the bytes that are stored; from its entry on a policy set is in `use`."""

    type: str
    payload: Mapping[str, Any]
    body: bytes
    digest: str
    objects: Sequence[StoredObject]
    index: DecisionRow | RunRow | None  # type: ignore[assignment] # instead of the method of tuples
    use: Use | None = None
    joins: bool = False


class Plan(NamedTuple):
    """What is written: new entries, and for each draft the entry that records it, which may be an earlier one.

    `objects` are rows by their digests.
    """

    answers: list[Entry]
    entries: list[Entry]
    objects: dict[str, tuple[str, str, bytes]]
    payloads: Rows
    decisions: Rows
    runs: Rows
    uses: list[Use]
    head: Head
    watcher: Watcher | None = None


def prepare(draft: Draft) -> Prepared:
    """A draft whose form is right. Raises LedgerError."""
    if not TYPE.fullmatch(draft.type):
        raise LedgerError("draft", f"`{draft.type[:40]!a}` is no type of an entry")
    if CLOCK in draft.payload:
        raise LedgerError("draft", f"`{CLOCK}` is not for whoever appends to state")
    if type(draft.index) is not _INDEXES.get(draft.type, type(None)):
        raise LedgerError("draft", "a decision is found by its id, a step of a run by the run, and nothing else is")
    try:
        body = canonical_json(draft.payload)
    except (ValueError, TypeError, RecursionError) as error:
        raise LedgerError("draft", f"what is to be recorded cannot be written as JSON: {error}") from None
    return Prepared(
        draft.type, draft.payload, body, digest_bytes(body), draft.objects, draft.index, draft.use, joins=draft.joins
    )


def state_clock(draft: Prepared, clock: str) -> Prepared:
    """The draft that says what a clock read which was behind."""
    body = canonical_json({**draft.payload, CLOCK: clock})
    return draft._replace(body=body, digest=digest_bytes(body))


def plan(
    ledger_id: str,
    head: Head,
    drafts: Sequence[Prepared],
    recorded: Mapping[str, Entry],
    clock: str,
    stored: Container[str],
    steps: Steps | None = None,
    watch: Watching | None = None,
) -> Plan:
    """The entries that follow `head` at the time `clock`, or its own; objects that are `stored` are left out.

    `watch` gives what is written of a new decision, the first of it with the next number: itself, last.
    """
    new, order = _find_new(drafts, recorded, steps or {}, watch or _watch_nothing, head.size + 1)
    parts = [(draft.type, draft.digest) for draft in new]
    entries = make_entries(ledger_id, head.chain, head.size + 1, max(clock, head.time), parts)
    rows: dict[type, Rows] = {DecisionRow: [], RunRow: []}
    uses, payloads = [], []
    for draft, entry in zip(new, entries, strict=True):
        payloads.append((entry.seq, draft.body))
        if draft.index is not None:
            rows[type(draft.index)].append((*draft.index[:-1], entry.seq))
        if draft.use is not None:
            uses.append(draft.use._replace(seq=entry.seq))
    return Plan(
        [entries[one] if type(one) is int else one for one in order],  # type: ignore[misc] # one or the other
        entries,
        _list_objects(new, stored),
        payloads,
        rows[DecisionRow],
        rows[RunRow],
        uses,
        Head(entries[-1].seq, entries[-1].time, entries[-1].chain) if entries else head,
    )


def _watch_nothing(draft: Prepared, _: int) -> Sequence[Prepared]:
    return (draft,)


def _find_new(
    drafts: Sequence[Prepared], recorded: Mapping[str, Entry], steps: Steps, watch: Watching, start: int
) -> tuple[list[Prepared], list[Entry | int]]:
    """The drafts that become entries; and for each draft its entry, or that it is the so-many-th of the new ones."""
    new: list[Prepared] = []
    order: list[Entry | int] = []
    known: dict[str, Entry | int] = dict(recorded)
    last: dict[tuple[str, str], tuple[Any, Entry | int]] = dict(steps)
    for draft in drafts:
        earlier = _find_earlier(draft.index, known, last) if RELEASE not in draft.payload else None
        if earlier is not None:
            order.append(earlier)
            continue
        if isinstance(draft.index, DecisionRow):
            new += watch(draft, start + len(new))
            known[draft.index.decision_id] = len(new) - 1
        else:
            new.append(draft)
            if draft.index is not None:
                last[draft.index.key] = draft.index.step, len(new) - 1
        order.append(len(new) - 1)
    return new, order


def _find_earlier(
    index: DecisionRow | RunRow | None,
    known: Mapping[str, Entry | int],
    last: Mapping[tuple[str, str], tuple[Any, Entry | int]],
) -> Entry | int | None:
    """What records the same decision, or the same step of a run, if that is its last."""
    if isinstance(index, RunRow):
        step, place = last.get(index.key, (None, None))
        return place if step == index.step else None
    return known.get(index.decision_id) if index is not None else None


def _list_objects(drafts: Sequence[Prepared], stored: Container[str]) -> dict[str, tuple[str, str, bytes]]:
    objects: dict[str, tuple[str, str, bytes]] = {}
    for draft in drafts:
        for item in draft.objects:
            if item.digest not in stored:
                objects[item.digest] = (item.digest, item.kind, item.body)
    return objects


def list_writes(made: Plan) -> Iterator[tuple[str, Rows]]:
    """The statements of a plan with their rows: what is referred to comes first."""
    if made.objects:
        yield _INSERT_OBJECT, [*made.objects.values()]
    if made.entries:
        yield _INSERT_PAYLOAD, made.payloads
        # A driver takes longer over what is like a tuple than over one.
        yield _INSERT_ENTRY, [*map(tuple, made.entries)]
    if made.decisions:
        yield _INSERT_DECISION, made.decisions
    if made.runs:
        yield _INSERT_RUN, made.runs
    if made.uses:
        yield _INSERT_USE, [use.row for use in made.uses]
