"""Gzip expanded piece by piece, and no further than a limit."""

from __future__ import annotations

import zlib
from typing import Final

LARGEST_EXPANDED: Final = 256 * 1024**2
_PIECE: Final = 64 * 1024


class ExpansionError(Exception):
    """What is wrong with the compressed data."""


class Expanded:
    """Bytes that are expanded when they are asked for. Reading raises ExpansionError."""

    def __init__(self, data: bytes) -> None:
        self._part = zlib.decompressobj(wbits=31)
        self._rest = data
        self._pending = bytearray()
        self._produced = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        while len(self._pending) < size and self._expand():
            pass
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def skip(self, size: int) -> bool:
        """Pass over so many bytes; whether they were all there."""
        while size and (piece := self.read(min(size, _PIECE))):
            size -= len(piece)
        return not size

    def _expand(self) -> bool:
        """Expand another piece; false at the end."""
        if self._part.eof:
            # Several streams are one, and tapes leave zeros behind.
            self._rest = self._part.unused_data.lstrip(b"\0")
            if not self._rest:
                return False
            self._part = zlib.decompressobj(wbits=31)
        try:
            piece = self._part.decompress(self._rest, _PIECE)
        except zlib.error:
            raise ExpansionError("the compressed data is damaged") from None
        self._rest = self._part.unconsumed_tail
        if not piece and not self._rest and not self._part.eof:
            raise ExpansionError("the compressed data ends too early")
        self._pending += piece
        self._produced += len(piece)
        if self._produced > LARGEST_EXPANDED:
            raise ExpansionError(f"it expands to more than {LARGEST_EXPANDED // 1024**2} MiB")
        return True
