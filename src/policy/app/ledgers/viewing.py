"""Entries of a ledger to look at, and proofs of them to hand out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.app.ledgers.logs import read_checkpoint_file
from policy.app.ledgers.of_others import find_others
from policy.app.ledgers.of_requests import OF_REQUESTS, find_requests
from policy.errors import PolicyError, Problem
from policy.records.checkpoints import read_checkpoint
from policy.records.entry import hash_leaf, leaf_bytes
from policy.records.lookup import say_unfound
from policy.records.objects import digest_bytes
from policy.records.proofs import prove_entry, prove_growth
from policy.records.snapshot import open_snapshot
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.ledgers.locating import Place
    from policy.records.checkpoints import SignedCheckpoint
    from policy.records.entry import Entry
    from policy.records.snapshot import Snapshot

ENTRY_FORMAT = "policy-ledger-entry/1"
TYPES: Final = ("decision", *OF_REQUESTS, "run", "refusal", "observed-release", "policy-set", "key", "erasure")
"""Of which types entries are that this version writes; a later one may write more."""


class Line(NamedTuple):
    """An entry of a list; of a decision, or of a step of a run or of a request, with what it is found by.

    `policy_set` is the one that is in use at the gate from an entry on that says so. `about` is whom and what an entry
    of another kind is about.
    """

    seq: int
    time: str
    type: str
    decision: str = ""
    project: str = ""
    gate: str = ""
    verdict: str = ""
    run: str = ""
    state: str = ""
    policy_set: str = ""
    request: str = ""
    about: str = ""


def list_entries(place: Place, last: int, kind: str | None = None) -> Iterator[Line]:
    """The last entries, in their order, of one type or of all. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        found = snapshot.read_newest(last, kind)
        types = [(row[0], row[2]) for row in found]
        about, others = find_requests(snapshot, types), find_others(snapshot, types)
        for seq, *texts in reversed(found):
            # As texts: what a database holds that somebody changed may be anything.
            line = Line(seq, *("" if value is None else str(value) for value in texts))
            told = about[seq]._asdict() if seq in about else {"about": others.get(seq, "")}
            yield line._replace(**told)


def show_entry(place: Place, name: str) -> dict[str, Any]:
    """An entry with its payload, and where that is erased, by which entry. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        entry = _find(snapshot, name)
        body = snapshot.read_payload(entry.seq)
        erased = snapshot.find_erasure(entry) if body is None else None
        changed = list(_list_changes(snapshot.id, entry, body, erased=erased is not None))
        return {
            "format": ENTRY_FORMAT,
            "ledger": {"id": snapshot.id, "name": snapshot.name},
            "entry": entry.seq,
            "time": str(entry.time),
            "type": str(entry.type),
            "digest": str(entry.payload),
            "leaf": _write_hash(entry.leaf),
            "chain": _write_hash(entry.chain),
            "payload": _parse(body),
            "erased_by": erased[0] if erased else None,
            "changed": changed,
        }


def _list_changes(ledger: str, entry: Entry, body: object, *, erased: bool) -> Iterator[str]:
    """What of an entry is not what was recorded; `policy ledger verify` looks at all of them, and at their order."""
    try:
        fits = hash_leaf(leaf_bytes(ledger, entry.seq, entry.time, entry.type, entry.payload)) == entry.leaf
    except (TypeError, ValueError):
        fits = False
    if not fits:
        yield "the entry was changed: its content is not what its hash states"
    if body is None and not erased:
        yield "the payload is gone, and no entry says why"
    if body is not None and not (isinstance(body, bytes) and digest_bytes(body) == entry.payload):
        yield "the payload was changed: what is stored is not what the entry names"


def _write_hash(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _parse(body: Any) -> Any:
    """The value of a payload; of what is no JSON, which no version wrote, its text."""
    try:
        return json.loads(body) if body is not None else None
    except (ValueError, TypeError, RecursionError):
        return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def prove(place: Place, name: str, file: str | None) -> dict[str, Any]:
    """The proof of an entry under the newest checkpoint of a file, or else of the database. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        entry = _find(snapshot, name)
        known = read_checkpoint_file(file) if file is not None else _read_own(snapshot)
        return prove_entry(snapshot, entry, _choose(snapshot, known, entry.seq))


def prove_since(place: Place, old: str, file: str | None) -> dict[str, Any]:
    """The proof that the ledger of an old checkpoint is the beginning of the newest one's. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        before = _choose(snapshot, read_checkpoint_file(old), 0)
        known = read_checkpoint_file(file) if file is not None else _read_own(snapshot)
        return prove_growth(snapshot, before, _choose(snapshot, known, before.checkpoint.size))


def _find(snapshot: Snapshot, name: str) -> Entry:
    entry = snapshot.find_entry(name)
    if entry is None:
        raise say_unfound("the ledger has no entry", name)
    return entry


def _read_own(snapshot: Snapshot) -> tuple[SignedCheckpoint, ...]:
    rows = snapshot.read_checkpoints()[:1]
    return tuple(read_checkpoint(str(row[2]).encode(), "the database's own checkpoint") for row in rows)


def _choose(snapshot: Snapshot, known: Sequence[SignedCheckpoint], size: int) -> SignedCheckpoint:
    """The newest checkpoint, which must be of this ledger and not of fewer entries than `size`."""
    newest = max(known, key=lambda one: one.checkpoint.size, default=None)
    if newest is None or newest.checkpoint.size < size:
        message = f"no checkpoint has entry {size:,} yet"
        raise PolicyError(Problem(message, "sign one with `policy ledger checkpoint --key FILE`"))
    if newest.checkpoint.origin.rpartition("/")[2] != snapshot.id:
        message = f"{newest.source} is of another ledger: `{newest.checkpoint.origin}`"
        raise PolicyError(Problem(message, "name a checkpoint of this ledger"))
    return newest
