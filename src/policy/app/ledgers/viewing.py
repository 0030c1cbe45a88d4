"""Entries of a ledger to look at, and proofs of them to hand out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.app.ledgers.logs import read_checkpoint_file
from policy.errors import PolicyError, Problem
from policy.records.checkpoints import read_checkpoint
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


class Line(NamedTuple):
    """An entry of a list; the last three are those of a decision."""

    seq: int
    time: str
    type: str
    decision: str = ""
    project: str = ""
    gate: str = ""
    verdict: str = ""


def list_entries(place: Place, last: int, kind: str | None = None) -> Iterator[Line]:
    """The last entries, in their order, of one type or of all. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        found = snapshot.read_newest(last, kind)
        # As texts: what a database holds that somebody changed may be anything.
        yield from (
            Line(seq, *("" if value is None else str(value) for value in texts)) for seq, *texts in reversed(found)
        )


def show_entry(place: Place, name: str) -> dict[str, Any]:
    """An entry with its payload, and where that is erased, by which entry. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        entry = _find(snapshot, name)
        body = snapshot.read_body(entry.payload)
        erased = snapshot.find_erasure(entry.payload) if body is None else None
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
        }


def _write_hash(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _parse(body: bytes | None) -> Any:
    try:
        return json.loads(body) if body is not None else None
    except (ValueError, RecursionError):
        raise PolicyError(
            Problem("the payload of the entry cannot be read", "`policy ledger verify` says more")
        ) from None


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
        shown = f"{name[:80]}…" if len(name) > 80 else name
        message = f"the ledger has no entry `{shown}`"
        raise PolicyError(Problem(message, "`policy ledger list` shows the last ones; a decision's id finds its entry"))
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
