"""How many rows repeat an earlier one, from a hash of each row; memory does not grow with the rows."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, BinaryIO

from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Rows whose hashes are equal lie in the same part, so one part after the other can be searched for repetitions.
_PARTS = 256
_HASH_BYTES = 8
# Hashes that are held in memory before they go to a temporary file: 4 MB.
MOST_HELD = 512 * 1024
# 1.6 GB of temporary file, and 70 MB of memory for the part that is searched.
MOST_ROWS = 200_000_000


class Repetition(NamedTuple):
    """Rows, and how many of them repeat an earlier row; None with the reason where they could not be counted."""

    rows: int
    repeated: int | None
    reason: str = ""


class RowHashes:
    """The hashes of all rows of a split: exact up to the chance of n² / 2⁶⁵ that two of n rows share a hash.

    Hashes are those of this process (Python's keyed SipHash), so a file tells nothing of the rows to anybody who
    finds it, and nobody can make rows that collide. Past `MOST_HELD` they are kept in a temporary file without a
    name, part by part.
    """

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(_PARTS)]
        self._appends = [part.append for part in self._parts]
        self._file: BinaryIO | None = None
        # Where in the file the pieces of each part are: position and length in bytes.
        self._pieces: list[list[tuple[int, int]]] = [[] for _ in range(_PARTS)]
        self._room = MOST_HELD
        self._rows = 0
        self._reason = ""

    def extend(self, digests: Sequence[int]) -> None:
        """Add the hashes of some rows."""
        appends = self._appends
        for digest in digests:
            appends[digest & 255](digest)
        self._room -= len(digests)
        if self._room <= 0:
            self._spill()

    def count(self) -> Repetition:
        """Count the repetitions, and let go of all hashes."""
        self._rows += MOST_HELD - self._room
        distinct = 0
        try:
            if not self._reason:
                distinct = sum(len(hashes) for hashes in self._gather())
        except OSError as fault:
            self._reason = _describe(fault)
        finally:
            self.close()
        if self._reason:
            return Repetition(self._rows, None, self._reason)
        return Repetition(self._rows, self._rows - distinct)

    def close(self) -> None:
        """Give back the temporary file."""
        if self._file:
            self._file.close()
            self._file = None

    def _gather(self) -> Iterator[set[int]]:
        meter = find_meter()
        for part, pieces in zip(self._parts, self._pieces, strict=True):
            meter.check_time()
            found = set(part)
            for position, length in pieces:
                found.update(self._load(position, length))
            yield found

    def _load(self, position: int, length: int) -> array[int]:
        hashes: array[int] = array("q")
        if self._file:
            self._file.seek(position)
            hashes.fromfile(self._file, length // _HASH_BYTES)
        return hashes

    def _spill(self) -> None:
        """Move what is held to the file; where that fails, hold no more and remember why."""
        self._rows += MOST_HELD - self._room
        self._room = MOST_HELD
        if not self._reason and self._rows > MOST_ROWS:
            self._reason = f"there are more than {MOST_ROWS:,} rows"
        try:
            if not self._reason:
                self._write()
        except OSError as fault:
            self._reason = _describe(fault)
        for part in self._parts:
            del part[:]

    def _write(self) -> None:
        from tempfile import TemporaryFile  # few files are that large

        if self._file is None:
            self._file = TemporaryFile(prefix="tunegate-")  # noqa: SIM115 - it is closed by `close`
        position = self._file.seek(0, 2)
        for part, pieces in zip(self._parts, self._pieces, strict=True):
            part.tofile(self._file)
            pieces.append((position, len(part) * _HASH_BYTES))
            position += len(part) * _HASH_BYTES
        self._file.flush()


def _describe(fault: OSError) -> str:
    return f"the temporary file for the hashes of the rows failed: {fault.strerror or fault}"
