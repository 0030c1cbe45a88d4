"""Whole trees of leaf hashes at once: their roots and proofs, beside those that grow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy.records.merkle import CompactRange, find_consistency_ranges, find_inclusion_ranges, hash_ranges


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over some leaf hashes."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf in the tree over all of them."""
    return hash_ranges(leaves, find_inclusion_ranges(index, len(leaves)))


def consistency_path(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree over the first `old` leaves is the beginning of the tree over all."""
    return hash_ranges(leaves, find_consistency_ranges(old, len(leaves)))
