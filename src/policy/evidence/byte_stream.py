"""A file's bytes read once, in order, hashed on the way, with memory that does not grow with the file."""

from __future__ import annotations

import io
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.source.file import OPEN_FLAGS

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

CHUNK = 1024 * 1024


class ByteStream:
    """Reads the regular file at a path. Raises OSError for anything else, and where it cannot be read."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, OPEN_FLAGS)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(None, "this is not a regular file")
        self._raw = _HashingFile(descriptor)
        self._buffered = io.BufferedReader(self._raw, CHUNK)
        self._returned = io.BytesIO()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._buffered.close()

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

    def return_bytes(self, data: bytes) -> None:
        """Give back what was read too far, for `read_line`."""
        self._returned = io.BytesIO(data)

    def finish(self) -> tuple[int, str]:
        """Read what is left; then the number of bytes of the whole file, and their SHA-256 in hexadecimal."""
        while self._buffered.read1(CHUNK):
            pass
        return self._raw.size, self._raw.hash.hexdigest()


class _HashingFile(io.RawIOBase):
    """A file that hashes what is read from it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._file = io.FileIO(descriptor)
        self.hash = sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader gives a memoryview
        count = self._file.readinto(buffer) or 0
        self.hash.update(buffer[:count])
        self.size += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
