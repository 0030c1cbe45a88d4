"""Where in a line of JSON something stands to which a path leads."""

from __future__ import annotations

import re
from json import JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]  # the scanner of texts, which the stubs leave out
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.evidence.job_files.violations import Path

_SPACE = re.compile(r"[ \t\r\n]*")
# Nothing is made of the numbers: long ones are slow to convert.
_DECODER = JSONDecoder(parse_int=float)


def find_places(text: str, paths: Iterable[Path]) -> dict[Path, int]:
    """The index of what each path ends in, an object's key or an element of a list, in a line that is JSON.

    Of a key that is given twice the last counts, as for the decoder.
    """
    wanted = set(paths)
    walk = _Walk(text, wanted)
    walk.pass_value(_skip_space(text, 0), ())
    return walk.found


class _Walk:
    """Goes through the values on the way to the wanted paths, and over all others."""

    def __init__(self, text: str, wanted: set[Path]) -> None:
        self._text = text
        self._wanted = wanted
        self._ways = {path[:length] for path in wanted for length in range(len(path))}
        self.found: dict[Path, int] = {}

    def pass_value(self, index: int, path: Path) -> int:
        """Go past the value that starts at the index; the index after it."""
        if path not in self.found and path in self._wanted:
            self.found[path] = index
        if path in self._ways and self._text[index] == "{":
            return self._pass_object(index, path)
        if path in self._ways and self._text[index] == "[":
            return self._pass_list(index, path)
        return _DECODER.raw_decode(self._text, index)[1]

    def _pass_object(self, index: int, path: Path) -> int:
        index = _skip_space(self._text, index + 1)
        while self._text[index] == '"':
            key, end = scanstring(self._text, index + 1)
            inner = (*path, key)
            if inner in self._wanted:
                self.found[inner] = index
            index = self.pass_value(_skip_space(self._text, _skip_space(self._text, end) + 1), inner)
            index = self._pass_comma(index)
        return index + 1

    def _pass_list(self, index: int, path: Path) -> int:
        index, position = _skip_space(self._text, index + 1), 0
        while self._text[index] != "]":
            index = self._pass_comma(self.pass_value(index, (*path, position)))
            position += 1
        return index + 1

    def _pass_comma(self, index: int) -> int:
        index = _skip_space(self._text, index)
        return _skip_space(self._text, index + 1) if self._text[index] == "," else index


def _skip_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index
