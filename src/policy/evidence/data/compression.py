"""Compressed data files expanded while they are read, and no further than a limit."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Protocol

from policy.errors import Problem
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from collections.abc import Callable

# Text shrinks to a fifth, very repetitive text to a fiftieth; a bomb grows a thousandfold.
LARGEST_RATIO = 200
# The ratio says nothing about small files.
HARMLESS = 64 * 1024 * 1024
# So little at a time, for four bytes can become 128 KiB.
_PIECE = 1024
# The window of `zstd --ultra -22`; a larger one is asked for by `--long` only, and is memory that a file can claim.
_LARGEST_WINDOW = 128 * 1024 * 1024
MISSING = "zstandard is not installed: `pip install 'tunegate[data]'`"


class ExpansionError(Exception):
    """The file cannot be expanded; `problem` says what is wrong, without a location."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.problem = Problem(message, remedy)


class MissingLibraryError(Exception):
    """What would read the file is not installed."""


class _Decompressor(Protocol):
    """As in `zlib` and `zstandard`: ends where one compressed part ends, and more may follow."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes) -> bytes: ...


def open_expanded(ending: str, source: io.BufferedIOBase, size: int) -> io.RawIOBase:
    """The content of a .gz or .zst file of `size` bytes; raises MissingLibraryError.

    Reading raises ExpansionError where the file is damaged, ends too early or grows beyond reason, OSError where it
    grows beyond what the meter allows, and SpentError.
    """
    return _Expander(source, _open_gzip if ending == ".gz" else _find_zstd(), size)


class _Expander(io.RawIOBase):
    def __init__(self, source: io.BufferedIOBase, start: Callable[[], _Decompressor], size: int) -> None:
        super().__init__()
        self._source = source
        self._start = start
        self._part = start()
        self._begun = False
        self._pending = b""
        self._produced = 0
        self._limit = max(size * LARGEST_RATIO, HARMLESS)
        self._meter = find_meter()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._pending:
            if not self._expand():
                return 0
        taken = self._pending[: len(buffer)]
        self._pending = self._pending[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _expand(self) -> bool:
        """Expand the next piece, perhaps to nothing yet; false at the end."""
        # A mebibyte that is read can be much when it is expanded.
        self._meter.check_time()
        data = self._source.read(_PIECE)
        if not data:
            if self._begun and not self._part.eof:
                raise ExpansionError("the compressed data ends too early", "write or fetch the file again")
            return False
        pieces = []
        while data:
            if self._part.eof:
                data = data.lstrip(b"\0")  # which tapes and block devices leave behind
                if not data:
                    break
                self._part = self._start()
            pieces.append(self._decompress(data))
            self._begun = True
            data = self._part.unused_data if self._part.eof else b""
        self._pending = b"".join(pieces)
        return True

    def _decompress(self, data: bytes) -> bytes:
        try:
            piece = self._part.decompress(data)
        except MemoryError:
            raise
        except Exception as fault:  # each library has errors of its own
            raise ExpansionError("the compressed data is damaged", "write or fetch the file again") from fault
        self._produced += len(piece)
        if self._produced > self._meter.size_limit:
            raise OSError(None, f"it expands to more than {self._meter.find_excess(self._produced)}")
        if self._produced > self._limit:
            message = (
                f"the file expands to more than {self._limit // 1024**2:,} MiB, which no data file of its size does"
            )
            raise ExpansionError(message, "check where the file is from; store data this repetitive uncompressed")
        return piece


def _open_gzip() -> _Decompressor:
    import zlib

    return zlib.decompressobj(wbits=31)


def _find_zstd() -> Callable[[], _Decompressor]:
    try:
        import zstandard
    except ImportError:
        raise MissingLibraryError(MISSING) from None
    start: Callable[[], _Decompressor] = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj
    return start
