"""Where the keys and values of a TOML text stand, which tomllib does not say.

Only for text that tomllib has read without a fault: what follows relies on its being correct.
"""

from __future__ import annotations

import re

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_SCALAR = re.compile(
    r'''"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}'''
    r"""|'''(?:[^']|'{1,2}(?!'))*'{3,5}"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'[^'\n]*'"""
    r"""|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*"""
    r"""|[^\s,\]}#]+"""
)


class Place:
    """The slices of the text that hold a key and its value, and the places within the value."""

    __slots__ = ("entries", "items", "key", "value")

    def __init__(self, key: tuple[int, int], value: tuple[int, int]) -> None:
        self.key = key
        self.value = value
        self.entries: dict[str, Place] = {}
        self.items: list[Place] = []


def find_places(text: str) -> Place:
    """The places in a correct TOML text, as a tree of the shape of its values."""
    return _Lexer(text).read()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._root = Place((0, 0), (0, len(text)))
        self._table = self._root

    def read(self) -> Place:
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                self._read_header()
            else:
                self._read_pair(self._table)
            self._skip(_BLANK)
        return self._root

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self._text, self._at):
            self._at = found.end()

    def _read_header(self) -> None:
        start = self._at
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._at += brackets
        parts = self._read_key()
        self._at += brackets
        span = (start, self._at)
        parent = self._root
        for name, key in parts[:-1]:
            parent = _enter(parent, name, Place(key, span))
        name, key = parts[-1]
        if brackets == 1:
            self._table = _enter(parent, name, Place(key, span))
            self._table.key, self._table.value = key, span
        else:
            array = parent.entries.setdefault(name, Place(key, span))
            self._table = Place(key, span)
            array.items.append(self._table)

    def _read_pair(self, table: Place) -> None:
        parts = self._read_key()
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        for name, key in parts[:-1]:
            table = _enter(table, name, Place(key, key))
        name, key = parts[-1]
        place = table.entries[name] = self._read_value()
        place.key = key

    def _read_key(self) -> list[tuple[str, tuple[int, int]]]:
        """The parts of a dotted key with their slices; ends before the sign that follows the key."""
        parts = []
        while True:
            self._skip(_SPACE)
            found = _KEY_PART.match(self._text, self._at)
            if found is None:
                raise ValueError(f"no key at {self._at}")
            parts.append((_unquote(found[0]), found.span()))
            self._at = found.end()
            self._skip(_SPACE)
            if self._peek() != ".":
                return parts
            self._at += 1

    def _read_value(self) -> Place:
        start = self._at
        opening = self._peek()
        place = Place((start, start), (start, start))
        if opening in ("[", "{"):
            self._read_members(place, "]" if opening == "[" else "}")
        else:
            self._skip(_SCALAR)
            if self._at == start:
                raise ValueError(f"no value at {start}")
        place.value = (start, self._at)
        return place

    def _read_members(self, place: Place, closing: str) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._peek() != closing:
            if closing == "]":
                place.items.append(self._read_value())
            else:
                self._read_pair(place)
            self._skip(_BLANK)
            if self._peek() == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1


def _enter(parent: Place, name: str, new: Place) -> Place:
    """The table of that name, made where it is new; of an array of tables the last one."""
    table = parent.entries.setdefault(name, new)
    return table.items[-1] if table.items else table


def _unquote(part: str) -> str:
    if part[0] not in "\"'":
        return part
    import tomllib

    return str(tomllib.loads(f"name = {part}")["name"])
