r"""JSON's escapes undone in a piece of text, without reading it as JSON: `\u0040` is `@`, and `\n` ends a word."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# A character of ASCII, or a slash: its escape is longer than itself.
_SHORTER = re.compile(rb"\\u00[2-7][0-9A-Fa-f]|\\/")
# Any other, where what follows would be taken for the end of the same word.
_OTHER = re.compile(rb"\\u[0-9A-Fa-f]{4}(?=[0-9A-Za-z_@+.%'-])")
_MOST_BACKSLASHES = 64
# No letter, digit or space: as any character beyond ASCII, it belongs to no finding.
_BEYOND = b"\xff" * 6
_BLANKS = ((rb"\n", b" \n"), (rb"\r", b" \r"), (rb"\t", b" \t"), (rb"\f", b"  "), (rb"\b", b"  "))


class PlainText(NamedTuple):
    """A text without escapes, and where its places are in the escaped one."""

    data: bytes
    starts: Sequence[int] = ()
    shifts: Sequence[int] = ()

    def __repr__(self) -> str:
        """Without the text, which nobody is to read."""
        return f"{type(self).__name__}({len(self.data)} bytes)"

    def locate(self, offset: int) -> int:
        """The offset in the escaped text."""
        index = bisect_right(self.starts, offset)
        return offset + self.shifts[index - 1] if index else offset


def undo_escapes(data: bytes) -> PlainText:
    """The text with all escapes undone that can hide a finding or the end of a word."""
    if b"\\" not in data:
        return PlainText(data)
    text = _shorten(data) if _SHORTER.search(data) else PlainText(data)
    plain = text.data
    for escape, blank in _BLANKS:
        plain = plain.replace(escape, blank)
    if b"\\u" in plain:
        plain = _OTHER.sub(_BEYOND, plain)
    return text._replace(data=plain)


def _shorten(data: bytes) -> PlainText:
    pieces, starts, shifts = [], [], []
    done = length = 0
    for match in _SHORTER.finditer(data):
        # JSON within JSON has several backslashes.
        before = data[max(done, match.start() - _MOST_BACKSLASHES) : match.start()]
        start = match.start() - len(before) + len(before.rstrip(b"\\"))
        escape = match[0]
        pieces += [data[done:start], b"/" if escape == b"\\/" else bytes.fromhex(escape[4:].decode())]
        length += start - done + 1
        done = match.end()
        starts.append(length)
        shifts.append(done - length)
    return PlainText(b"".join((*pieces, data[done:])), starts, shifts)
