"""Python source → a syntax tree with the places of its nodes; nothing is run or imported."""

from __future__ import annotations

import ast
import warnings
from codecs import BOM_UTF8
from io import BytesIO
from tokenize import detect_encoding

from policy.structs import NamedTuple


class UnparsedError(Exception):
    """The source is no Python that can be parsed; says where, from 1, and of a part of a file what is in it."""

    def __init__(self, message: str, line: int = 1, column: int = 1, source: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = max(line, 1)
        self.column = max(column, 1)
        self.source = source


class Spot(NamedTuple):
    """Where something stands in a file: line and column of its begin and its end, from 1, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Part:
    """Python that is read as one piece: a file, or a cell of a notebook, which is named by its `label`."""

    def __init__(self, tree: ast.Module, lines: list[str], label: str = "") -> None:
        self.tree = tree
        self.lines = lines
        self.label = label

    def locate(self, node: ast.expr) -> Spot:
        """Where an expression stands in the file."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Spot(*self.place(node.lineno, node.col_offset), *self.place(end_line, end))

    def place(self, line: int, offset: int) -> tuple[int, int]:
        """Line and column in the file of an offset in bytes, as trees have them."""
        return line, self.count_characters(line, offset) + 1

    def count_characters(self, line: int, offset: int) -> int:
        """How many characters of a line an offset in bytes is."""
        return len(self.lines[line - 1].encode(errors="replace")[:offset].decode(errors="ignore"))


def parse_python(data: bytes) -> Part:
    """The tree of a source file. Raises UnparsedError."""
    lines = split_lines(decode_source(data))
    return Part(parse_lines(lines), lines)


def decode_source(data: bytes) -> str:
    """The text of a source file, by its byte-order mark and the encoding that it states. Raises UnparsedError."""
    try:
        encoding, _ = detect_encoding(BytesIO(data).readline)
        return data.removeprefix(BOM_UTF8).decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except SyntaxError as error:
        raise UnparsedError(error.msg) from None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise UnparsedError(f"it is no {error.encoding} text", before.count(b"\n") + 1) from None
    except (LookupError, UnicodeError, ValueError):
        raise UnparsedError("it states an encoding that is none") from None


def split_lines(text: str) -> list[str]:
    """The lines as Python counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def parse_lines(lines: list[str]) -> ast.Module:
    """The tree of some lines. Raises UnparsedError."""
    try:
        with warnings.catch_warnings():
            # What Python thinks of escapes in other people's strings is not said here.
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise UnparsedError(f"{error.msg}", error.lineno or 1, error.offset or 1) from None
    except ValueError as error:
        raise UnparsedError(str(error)) from None
    except (MemoryError, RecursionError):
        raise UnparsedError("it is nested too deeply") from None
