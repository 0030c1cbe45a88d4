"""A parsed document: every value keeps its source text and its position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Location

if TYPE_CHECKING:
    from collections.abc import Iterator


class Node:
    """A value in a document; lines and columns count from 1 in code points, ends are exclusive."""

    __slots__ = ("column", "end_column", "end_line", "line")

    def __init__(self, line: int, column: int, end_line: int, end_column: int) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column

    def location(self, file: str) -> Location:
        return Location(file, self.line, self.column, self.end_line, self.end_column)


class Scalar(Node):
    """A single value as it stands in the source; `plain`: written without quotes or block style."""

    __slots__ = ("plain", "text")

    def __init__(self, text: str, plain: bool, line: int, column: int, end_line: int, end_column: int) -> None:
        self.text = text
        self.plain = plain
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column

    @property
    def is_null(self) -> bool:
        """Nothing was written: an empty plain value, `~` or `null`."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Sequence(Node):
    """A list of nodes."""

    __slots__ = ("items",)

    def __init__(self, items: list[Node], line: int, column: int, end_line: int, end_column: int) -> None:
        self.items = items
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Mapping(Node):
    """Keys and values in the order of the source; keys are scalars and unique."""

    __slots__ = ("entries",)

    def __init__(
        self,
        entries: dict[str, tuple[Scalar, Node]],
        line: int,
        column: int,
        end_line: int,
        end_column: int,
    ) -> None:
        self.entries = entries
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries.values())

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None


class Document:
    """One parsed file: its path relative to the project's root, its text, and its root node."""

    __slots__ = ("file", "root", "text")

    def __init__(self, file: str, text: str, root: Node) -> None:
        self.file = file
        self.text = text
        self.root = root
