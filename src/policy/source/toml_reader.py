"""One table of a TOML file read into nodes with positions."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from policy.errors import Location, PolicyError, Problem
from policy.source.encoding import decode, find_place
from policy.source.limits import DEFAULT_LIMITS
from policy.source.node import Document, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from policy.source.limits import Limits
    from policy.source.toml_positions import Place

_AT = r" \(at line (\d+), column (\d+)\)$"
_AT_END = " (at end of document)"
_WORDS = {
    "Cannot overwrite a value": "a key is given twice",
    "Cannot declare": "a table is given twice",
    "Cannot mutate immutable": "a table is given twice",
    "Cannot redefine": "a table is given twice",
    "Duplicate inline table key": "a key is given twice",
    "Expected '=' after a key": "a key has no `=` after it",
    "Expected newline or end of document": "there is more text after the end of the value",
    "Invalid statement": "a key is missing, or needs quotes",
    "Invalid value": "a value is missing, or is text without quotes",
    "Invalid initial character for a key part": "a key is missing, or needs quotes",
    "Unclosed array": "a list is not closed",
    "Unclosed inline table": "a table that starts with `{` is not closed",
    "Unterminated string": "text in quotes is not closed",
    "Exceeds the limit": "a number is too long",
}
# tomllib needs minutes and gigabytes for one key of some hundred thousand parts.
_LONG_KEY = r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}"""


def read_toml_table(data: bytes, file: str, table: tuple[str, ...], limits: Limits = DEFAULT_LIMITS) -> Document | None:
    """The table at that path of keys, None when it is absent, or PolicyError when the file is not TOML.

    Strings count as quoted; a number or a date has the text that Python writes for it.
    """
    import tomllib

    text = decode(data, file, limits)
    if found := re.search(_LONG_KEY % limits.max_depth, text):
        place = find_place(text, found.start(), file)
        raise PolicyError(_describe_depth(file, limits, *place[1:]))
    try:
        value: Any = tomllib.loads(text)
    except RecursionError:
        raise PolicyError(_describe_depth(file, limits)) from None
    except ValueError as fault:
        raise PolicyError(_explain_fault(str(fault), text, file)) from None
    for name in table:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return Document(file, text, _NodeMaker(file, text, limits).make_node(value, _find_place(text, table), 1))


def _find_place(text: str, table: tuple[str, ...]) -> Place:
    from policy.source.toml_positions import find_places

    place = find_places(text)
    for name in table:
        place = place.entries[name]
    return place


class _NodeMaker:
    """Joins the values that tomllib read with the places where they stand."""

    def __init__(self, file: str, text: str, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._nodes = 0

    def make_node(self, value: Any, place: Place, depth: int) -> Node:
        """The node of a value that is `depth` levels deep."""
        span = self._find_span(place.value)
        self._check_limits(span, depth if isinstance(value, dict | list) else 0)
        if isinstance(value, dict):
            return Mapping({name: self._make_entry(name, value[name], place, depth) for name in value}, *span)
        if isinstance(value, list):
            pairs = zip(value, place.items, strict=True)
            return Sequence([self.make_node(item, inner, depth + 1) for item, inner in pairs], *span)
        return Scalar(_write_value(value), not isinstance(value, str), *span)

    def _make_entry(self, name: str, value: Any, place: Place, depth: int) -> tuple[Scalar, Node]:
        inner = place.entries[name]
        return Scalar(name, True, *self._find_span(inner.key)), self.make_node(value, inner, depth + 1)

    def _check_limits(self, span: tuple[int, int, int, int], depth: int) -> None:
        self._nodes += 1
        if depth > self._limits.max_depth:
            raise PolicyError(_describe_depth(self._file, self._limits, *span))
        if self._nodes > self._limits.max_nodes:
            message = f"the table holds more than {self._limits.max_nodes:,} values"
            raise PolicyError(Problem(message, "split the file", Location(self._file, *span)))

    def _find_span(self, span: tuple[int, int]) -> tuple[int, int, int, int]:
        start_line, end_line = (bisect_right(self._starts, index) for index in span)
        start, end = span
        return (
            start_line,
            start - self._starts[start_line - 1] + 1,
            end_line,
            end - self._starts[end_line - 1] + 1,
        )


def _write_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _describe_depth(file: str, limits: Limits, *span: int) -> Problem:
    message = f"lists and tables are nested more than {limits.max_depth} levels deep"
    return Problem(message, "make the document flatter", Location(file, *span))


def _explain_fault(message: str, text: str, file: str) -> Problem:
    """The problem of a tomllib error, which has its position in its text."""
    location = Location(file)
    if found := re.search(_AT, message):
        line, column = int(found[1]), int(found[2])
        location = Location(file, line, column, line, column + 1)
        message = message[: found.start()]
    elif message.endswith(_AT_END):
        lines = text.split("\n")
        location = Location(file, len(lines), len(lines[-1]) + 1)
        message = message.removesuffix(_AT_END)
    plain = next((words for start, words in _WORDS.items() if message.startswith(start)), None)
    message = plain or f"the TOML cannot be read: {message[:1].lower()}{message[1:]}"
    return Problem(message, "correct the line", location)
