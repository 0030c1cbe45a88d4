"""What waits in the files of a spool, of which only what is new is read each time."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from policy.records.runs.alike import find_index, list_grounds, list_traits
from policy.records.spool_files import list_files
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.records.objects import Draft

# No two lines begin with the same so many bytes.
BEGIN: Final = 32
# What a line may raise that is not what it should be.
NOT_WHOLE: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)

T = TypeVar("T")


class Waiting(NamedTuple):
    """A decision that waits: its id, what tells it from others, and the digests of what its line brings with it."""

    id: str
    case: tuple[Any, ...]
    brings: frozenset[str]


def describe(draft: Draft) -> Waiting:
    """What is kept in memory of a decision, which is much smaller. Raises one of `NOT_WHOLE`."""
    return Waiting(find_index(draft).decision_id, name_case(draft), frozenset(item.digest for item in draft.objects))


def name_case(draft: Draft) -> tuple[Any, ...]:
    """What decisions have in common that are one."""
    return (*list_traits(find_index(draft)), *list_grounds(draft.payload))


class SpoolReader(Generic[T]):
    """Lines as `parse` makes them, those for which it raises one of `NOT_WHOLE` left out; threads share it."""

    def __init__(self, path: str, parse: Callable[[bytes], T]) -> None:
        self.path = path
        self._parse = parse
        # By a file's inode: how it begins, up to which byte it was read, and what stands there.
        self._read: dict[int, tuple[bytes, int, list[T]]] = {}
        self._lock = Lock()

    def forget(self) -> None:
        """Read everything anew."""
        with self._lock:
            self._read = {}

    def list_all(self) -> list[T]:
        """All that waits, the oldest first."""
        first, *taken = list_files(self.path)
        with self._lock:
            # What is gone was recorded.
            self._read = dict(filter(None, map(self._read_file, (*taken, first))))
            return [one for _, _, found in self._read.values() for one in found]

    def _read_file(self, path: str) -> tuple[int, tuple[bytes, int, list[T]]] | None:
        try:
            with open(path, "rb") as stream:
                inode = os.fstat(stream.fileno()).st_ino
                begin = stream.read(BEGIN)
                known, size, found = self._read.get(inode, (begin, 0, []))
                if not begin.startswith(known):
                    # Another file, under the number of one that is gone.
                    size, found = 0, []
                stream.seek(size)
                for line in stream:
                    # The last one may be half written.
                    if not line.endswith(b"\n"):
                        break
                    size += len(line)
                    self._add(line.rstrip(b"\n"), found)
        except OSError:
            return None
        return inode, (begin, size, found)

    def _add(self, line: bytes, found: list[T]) -> None:
        try:
            found.append(self._parse(line))
        except NOT_WHOLE:
            # What is wrong with it is said when it is replayed.
            return


def measure_spool(path: str) -> int:
    """The bytes that wait in the files of a spool."""
    total = 0
    for file in list_files(path):
        try:
            total += os.path.getsize(file)
        except OSError:
            continue
    return total
