"""A file in pieces that overlap where a line is long, so that each finding lies whole in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.data.byte_stream import CHUNK
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAD = 4096
"""So much of a long line is seen again before a piece: names, and the start of a word, stand before a finding."""
TAIL = 16384
"""So much is seen after it: no finding is longer."""


class Window(NamedTuple):
    """A piece of a file, `offset` bytes from its start; what begins from `start` up to `end` within it counts."""

    data: bytes
    offset: int
    start: int
    end: int

    def __repr__(self) -> str:
        """Without the text, which nobody is to read."""
        return f"{type(self).__name__}({len(self.data)} bytes)"


def cut_windows(chunks: Iterable[bytes], size: int = CHUNK) -> Iterator[Window]:
    """Windows of whole lines; a line that is longer than `size` is cut, with a lead and a tail that overlap.

    No finding goes on over the end of a line. What counts is all of the file, each byte in one window.
    """
    held, offset, start = b"", 0, 0
    for chunk in chunks:
        held += chunk
        cut = held.rfind(b"\n") + 1
        if cut > start:
            yield Window(held[:cut], offset, start, cut)
            held, offset, start = held[cut:], offset + cut, 0
        elif len(held) - start >= size + TAIL:
            end = len(held) - TAIL
            yield Window(held, offset, start, end)
            kept = max(0, end - LEAD)
            held, offset, start = held[kept:], offset + kept, end - kept
    if held[start:]:
        yield Window(held, offset, start, len(held))
