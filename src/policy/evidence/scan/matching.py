"""Patterns over bytes, run by RE2 in linear time whatever the text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The DFA of the largest pattern fits; without it RE2 is slower by an order of magnitude, and as right.
_MEMORY = 32 << 20


@lru_cache(maxsize=256)
def compile_bytes(pattern: bytes) -> Any:
    """The pattern over single bytes: what is not ASCII is no letter, and broken UTF-8 does no harm."""
    import re2  # imported only where a file is scanned

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(pattern, options)


def list_hits(pattern: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each match, from left to right."""
    for match in compile_bytes(pattern).finditer(text):
        yield match.span()


def match_at(pattern: bytes, text: bytes, start: int, length: int) -> int:
    """The end of the match that begins at `start` and is at most so long; -1 where there is none."""
    match = compile_bytes(pattern).match(text, start, min(start + length, len(text)))
    return match.end() if match else -1
