"""The lines of a file, one at a time, with memory that does not grow with the file or its longest line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.data.json_text import LONGEST_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.data.byte_stream import ByteStream

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_lines(stream: ByteStream) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line, without line feed and byte order mark; None for one that is too long to hold."""
    number, held = 1, b""
    if stream.peek().startswith(BYTE_ORDER_MARK):
        stream.read(len(BYTE_ORDER_MARK))
    while chunk := stream.read():
        pieces = chunk.split(b"\n")
        pieces[0] = held + pieces[0]
        # Of a line that is too long so much is kept as shows that it is.
        held = pieces.pop()[: LONGEST_VALUE + 1]
        for piece in pieces:
            yield number, _limit(piece)
            number += 1
    if held:
        yield number, _limit(held)


def _limit(line: bytes) -> bytes | None:
    return line if len(line) <= LONGEST_VALUE else None
