"""Merkle trees of RFC 6962 over leaf hashes: roots, proofs of inclusion and of consistency, growth in flat memory."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Range = tuple[int, int]

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
# As many leaves are hashed at once; it bounds the memory, not the result.
BATCH = 4096


def hash_children(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree that only grows: it keeps the roots of its complete subtrees, one for each bit of its size."""

    def __init__(self, size: int = 0, frontier: Sequence[bytes] = ()) -> None:
        """Go on from a size and its frontier, the largest subtree first. Raises ValueError where they do not fit."""
        if size < 0 or len(frontier) != size.bit_count() or any(len(node) != HASH_SIZE for node in frontier):
            raise ValueError("the frontier does not fit the size")
        self.size = size
        waiting = list(frontier)
        # By height: the root of the complete subtree there that still waits for its sibling.
        self._subtrees = [waiting.pop() if size >> height & 1 else None for height in range(size.bit_length())]

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, the largest first."""
        return tuple(node for node in reversed(self._subtrees) if node is not None)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order; many at once cost less than one by one."""
        level = list(leaves)
        self.size += len(level)
        height = 0
        while level:
            if height == len(self._subtrees):
                self._subtrees.append(None)
            before = self._subtrees[height]
            if before is not None:
                level.insert(0, before)
            self._subtrees[height] = level.pop() if len(level) % 2 else None
            nodes = iter(level)
            level = [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes, nodes, strict=True)]
            height += 1

    def root(self) -> bytes:
        """The root of the whole tree."""
        nodes = [node for node in self._subtrees if node is not None]
        if not nodes:
            return EMPTY_ROOT
        root = nodes[0]
        for node in nodes[1:]:
            root = hash_children(node, root)
        return root


def find_inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees beside the way from a leaf to the root, from below, each by its first leaf and the one behind.

    Raises ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    start, stop = 0, size
    ranges = []
    while stop - start > 1:
        middle = start + _find_split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def find_consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose roots show that a tree of `old` leaves is the beginning of one of `new`, from below.

    Raises ValueError where the old tree is not the smaller one.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {new}")
    if old in {0, new}:
        return []
    start, stop = 0, new
    ranges = []
    while stop != old:
        middle = start + _find_split(stop - start)
        if old <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    # Where the old tree is one complete subtree, whoever verifies has its root.
    return [*([(start, stop)] if start else []), *ranges[::-1]]


def _find_split(size: int) -> int:
    """The largest power of two below a size."""
    split: int = 1 << (size - 1).bit_length() - 1
    return split


def hash_ranges(leaves: Iterable[bytes], ranges: Sequence[Range]) -> list[bytes]:
    """The root of each range, in one pass over the leaf hashes. Raises ValueError where there are too few."""
    stream, at = iter(leaves), 0
    roots: dict[Range, bytes] = {}
    for start, stop in sorted(ranges):
        _skip(stream, start - at)
        tree = CompactRange()
        while batch := list(islice(stream, min(BATCH, stop - start - tree.size))):
            tree.extend(batch)
        if tree.size != stop - start:
            raise ValueError(f"there are only {start + tree.size} leaves, not {stop}")
        roots[start, stop] = tree.root()
        at = stop
    return [roots[part] for part in ranges]


def _skip(stream: Iterator[bytes], count: int) -> None:
    for _ in islice(stream, count):
        pass


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path shows that `leaf` is at `index`, from 0, in the tree of this size and root."""
    if not 0 <= index < size:
        return False
    ranges = find_inclusion_ranges(index, size)
    if len(path) != len(ranges):
        return False
    node = leaf
    for (start, _), other in zip(ranges, path, strict=True):
        node = hash_children(other, node) if start < index else hash_children(node, other)
    return node == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path shows that the tree of the old size and root is the beginning of the new one."""
    if not 0 <= old <= new:
        return False
    ranges = find_consistency_ranges(old, new)
    if len(path) != len(ranges):
        return False
    if old in {0, new}:
        return old_root == (new_root if old else EMPTY_ROOT)
    pairs = list(zip(ranges, path, strict=True))
    first, second = old_root, old_root
    if ranges[0][1] == old:
        first = second = pairs.pop(0)[1]
    for (start, _), other in pairs:
        if start < old:
            first, second = hash_children(other, first), hash_children(other, second)
        else:
            second = hash_children(second, other)
    return (first, second) == (old_root, new_root)
