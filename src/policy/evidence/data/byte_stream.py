"""A file's bytes read once, in order, hashed on the way, with memory that does not grow with the file."""

from __future__ import annotations

import io
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.plugins.metering import find_meter
from policy.source.file import OPEN_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Self

CHUNK = 1024 * 1024
# Lines are cut from pieces so small that what is made of them is still in the processor's cache.
PIECE = 128 * 1024


class ByteStream:
    """Reads the regular file at a path. Raises OSError for anything else, and where it cannot be read or is too large.

    What is read is the file's bytes, or after `expand` what they are the compressed form of. All of it goes past the
    meter, which may raise SpentError.
    """

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, OPEN_FLAGS)
        self.status = os.fstat(descriptor)
        excess = find_meter().find_excess(self.status.st_size)
        if excess or not stat.S_ISREG(self.status.st_mode):
            os.close(descriptor)
            raise OSError(None, f"it is larger than {excess}" if excess else "this is not a regular file")
        self._raw = _HashingFile(descriptor, path, self.status.st_size)
        self._file = io.BufferedReader(self._raw, CHUNK)
        self._buffered: io.BufferedReader[Any] = self._file
        self._returned = io.BytesIO()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def expand(self, ending: str) -> None:
        """From here on read the content of the compressed file, which `ending` tells the kind of."""
        from policy.evidence.data.compression import open_expanded

        expanded = open_expanded(ending, self._file, self.status.st_size)
        self._buffered = io.BufferedReader(expanded, CHUNK)

    def peek(self) -> bytes:
        """The bytes that come next, as many as are at hand; empty at the end."""
        return self._buffered.peek()

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        return self._buffered.read1(size)

    def read_line(self, limit: int) -> bytes:
        """The bytes up to the next line feed and including it, at most `limit`; empty at the end."""
        line = self._returned.readline(limit)
        if line.endswith(b"\n") or len(line) >= limit:
            return line
        return line + self._buffered.readline(limit - len(line))

    def read_lines(self, limit: int) -> Iterator[tuple[list[bytes], bytes]]:
        """The lines, many at a time, each without the line feed that is given beside them.

        The last line may lack it. A line that is longer than `limit` is cut off, and is the last.
        """
        piece, rest = self._returned.read() or self.read(PIECE), b""
        while piece:
            lines = piece.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop()
            if lines:
                yield lines, b"\n"
            if len(rest) > limit:
                break
            piece = self.read(PIECE)
        if rest:
            yield [rest], b""

    def return_bytes(self, data: bytes) -> None:
        """Give back what was read too far, for `read_line` and `read_lines`."""
        self._returned = io.BytesIO(data)

    def finish(self) -> tuple[int, str]:
        """Read what is left; then the number of bytes of the whole file, and their SHA-256 in hexadecimal."""
        while not self._raw.finished and self._file.read1(CHUNK):
            pass
        return self._raw.size, self._raw.conclude()

    def reopen(self) -> io.FileIO:
        """The file from its start, for a reader that jumps in it; to be used after `finish`, before the end."""
        return self._raw.rewind()


class _HashingFile(io.RawIOBase):
    """A file that hashes what is read from it, and tells the meter."""

    def __init__(self, descriptor: int, path: str, promised: int) -> None:
        super().__init__()
        self._file = io.FileIO(descriptor)
        self._hash = sha256()
        self._path = path
        self._promised = promised
        self._meter = find_meter()
        self.size = 0
        self.finished = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self._hash.update(buffer[:count])
        self.size += count
        self._meter.pass_by(self._path, self.size, self._promised)
        return count

    def conclude(self) -> str:
        """The SHA-256 of what was read, in hexadecimal."""
        return self._hash.hexdigest()

    def rewind(self) -> io.FileIO:
        """The same file, from its start and no longer hashed."""
        self.finished = True
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._file.close()
        super().close()
