"""A line's JSON, read fast, with what a reader of JSON may take in different ways."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any

from policy.evidence.data.json_text import BrokenTextError, read_line_value

# Longer whole numbers are slow to convert, and no rule looks at them.
_LONGEST_NUMBER = 20
# One half of an escaped surrogate pair that the other half does not follow, or does not stand before.
_HALF = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])", re.DOTALL
)


class RowDecoder:
    """Reads rows; after each, `is_odd` is whether it may have a key twice in an object, or half a character."""

    def __init__(self) -> None:
        self.is_odd = False
        self._decoder = JSONDecoder(
            object_pairs_hook=self._build, parse_int=_read_number, parse_constant=_refuse_constant
        )

    def read(self, line: bytes, number: int) -> Any:
        """The JSON value on a line; raises BrokenTextError."""
        self.is_odd = b"\\u" in line and _may_hold_half(line)
        try:
            return self._decoder.decode(line.decode())
        except (ValueError, RecursionError):
            read_line_value(line, number)  # says what is wrong, and where
            raise BrokenTextError("the line cannot be read", number, 1) from None

    def _build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.is_odd = True
        return made


def _read_number(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _may_hold_half(line: bytes) -> bool:
    """Whether there may be half of an escaped pair; a backslash that is itself escaped confuses the pattern."""
    return _HALF.search(line) is not None or b"\\\\u" in line
