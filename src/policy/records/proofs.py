"""Proofs that a stranger checks without the ledger: an entry, the way from it to a root, and the signed checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.records.contents import read_erasure
from policy.records.entry import hash_leaf, leaf_bytes
from policy.records.merkle import (
    find_consistency_ranges,
    find_inclusion_ranges,
    hash_ranges,
    verify_consistency,
    verify_inclusion,
)
from policy.records.objects import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.records.checkpoints import SignedCheckpoint
    from policy.records.entry import Entry
    from policy.records.snapshot import Snapshot

FORMAT: Final = "policy-proof/1"
CONSISTENCY_FORMAT: Final = "policy-consistency-proof/1"


class TamperingError(PolicyError):
    """What is stored is not what was recorded."""

    exit_code = 1


def prove_entry(snapshot: Snapshot, entry: Entry, signed: SignedCheckpoint) -> dict[str, Any]:
    """That an entry is in the ledger of a checkpoint. Raises TamperingError where it is not.

    Entry and payload are texts, so that whoever checks the proof hashes what stands there and need not know how
    canonical JSON is written.
    """
    checkpoint, index = signed.checkpoint, entry.seq - 1
    try:
        data = leaf_bytes(snapshot.id, entry.seq, entry.time, entry.type, entry.payload)
    except ValueError:
        raise _refuse(f"entry {entry.seq:,} was changed: it holds what no entry can") from None
    ranges = find_inclusion_ranges(index, checkpoint.size)
    path = _hash(snapshot, checkpoint.size, ranges)
    if path is None or not verify_inclusion(hash_leaf(data), index, checkpoint.size, path, checkpoint.root):
        raise _refuse(f"entry {entry.seq:,} is not what it was when {signed.source} was signed, or another is not")
    body = snapshot.read_payload(entry.seq)
    if body is not None and not (isinstance(body, bytes) and digest_bytes(body) == entry.payload):
        raise _refuse(f"the payload of entry {entry.seq:,} was changed")
    return {
        "format": FORMAT,
        "ledger": {"id": snapshot.id, "name": snapshot.name},
        "entry": data.decode(),
        "payload": None if body is None else body.decode(),
        "erased": _find_erasure(snapshot, entry) if body is None else None,
        "index": index,
        "size": checkpoint.size,
        "path": [node.hex() for node in path],
        "checkpoint": signed.written,
    }


def prove_growth(snapshot: Snapshot, old: SignedCheckpoint, new: SignedCheckpoint) -> dict[str, Any]:
    """That the ledger of one checkpoint is the beginning of that of another. Raises TamperingError where it is not."""
    first, second = old.checkpoint, new.checkpoint
    path = _hash(snapshot, second.size, find_consistency_ranges(first.size, second.size))
    if path is None or not verify_consistency(first.size, first.root, second.size, second.root, path):
        raise _refuse(f"the ledger of {old.source} is not the beginning of that of {new.source}")
    return {
        "format": CONSISTENCY_FORMAT,
        "ledger": {"id": snapshot.id, "name": snapshot.name},
        "path": [node.hex() for node in path],
        "old": old.written,
        "new": new.written,
    }


def _hash(snapshot: Snapshot, size: int, ranges: Sequence[tuple[int, int]]) -> list[bytes] | None:
    try:
        path = hash_ranges(snapshot.read_leaves(size), ranges)
    except (ValueError, TypeError):
        # There are too few entries, or what is stored as a hash is none.
        return None
    return path if all(isinstance(node, bytes) for node in path) else None


def _find_erasure(snapshot: Snapshot, entry: Entry) -> dict[str, Any] | None:
    """Which entry says that the payload of one was erased; None where none does."""
    found = snapshot.find_erasure(entry)
    if found is None:
        return None
    seq, payload = found
    erasure = read_erasure(seq, payload)
    return {"entry": erasure.seq, "by": erasure.by, "reason": erasure.reason}


def _refuse(message: str) -> TamperingError:
    return TamperingError(Problem(message, "`policy ledger verify --checkpoint FILE` names what was changed"))
