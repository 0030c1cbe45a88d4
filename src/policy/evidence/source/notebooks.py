"""Jupyter notebooks → the Python in their code cells, with the places of what stands in it in the notebook's JSON."""

from __future__ import annotations

import json
import re
from json import JSONDecodeError, JSONDecoder, scanner
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs
from typing import TYPE_CHECKING, Any

from policy.evidence.source.magics import parse_cell
from policy.evidence.source.python_parts import Part, UnparsedError, split_lines

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

# A cell of a megabyte takes about a hundred in memory once it is parsed.
_MOST_SOURCE = 1 << 20
# All cells are kept as trees until the last one is read.
_MOST_TOGETHER = 2 << 20
_MOST_FAULTS = 100
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)


class PlacedText(str):
    """A text of the notebook and where it begins in the JSON, after its quotation mark."""

    __slots__ = ("start",)
    start: int


class Decoder(JSONDecoder):
    """Reads JSON as the standard library does, and notes where texts begin."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = place_text
        # The one in C does not ask who reads strings.
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # not in the stubs


def place_text(text: str, start: int, *options: Any) -> tuple[PlacedText, int]:
    """A text that begins at an index, and the index behind it."""
    read, end = scanstring(text, start, *options)
    placed = PlacedText(read)
    placed.start = start
    return placed, end


class Cell(Part):
    """One code cell: lines that are pieces of texts in the notebook's JSON."""

    def __init__(self, tree: ast.Module, lines: list[str], label: str, notebook: str, texts: list[PlacedText]) -> None:
        super().__init__(tree, lines, label)
        self.notebook = notebook
        self.texts = texts

    def place(self, line: int, offset: int) -> tuple[int, int]:
        return place_in_notebook(self.notebook, self.texts, line, self.count_characters(line, offset))


def parse_notebook(data: bytes) -> tuple[list[Part], list[UnparsedError]]:
    """The code cells of a notebook in Python, and what is wrong with those that cannot be parsed.

    Raises UnparsedError where the file is no notebook.
    """
    text = decode_notebook(data)
    try:
        root = Decoder().decode(text)
    except JSONDecodeError as error:
        raise UnparsedError(f"it is no JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise UnparsedError("it is nested too deeply") from None
    if not isinstance(root, dict):
        raise UnparsedError("it is no notebook: its JSON is no object")
    if _name_language(root) not in ("", "python", "ipython"):
        return [], []
    parts: list[Part] = []
    faults: list[UnparsedError] = []
    left = _MOST_TOGETHER
    for number, texts in list_code(root):
        lines = split_lines("".join(texts))
        left -= sum(map(len, lines))
        try:
            parts.append(Cell(_parse_cell(lines, left), lines, f"cell {number}", text, texts))
        except UnparsedError as error:
            if len(faults) == _MOST_FAULTS:
                # To say where one stands is to count characters, and nobody reads more of them.
                faults.append(UnparsedError("more cells cannot be parsed", faults[-1].line, faults[-1].column, text))
            if len(faults) > _MOST_FAULTS:
                continue
            place = place_in_notebook(text, texts, error.line, error.column - 1)
            faults.append(UnparsedError(f"cell {number}: {error.message}", *place, "\n".join(lines)))
    return parts, faults


def _parse_cell(lines: list[str], left: int) -> ast.Module:
    if left < 0:
        raise UnparsedError(f"with the cells before it, it has more than {_MOST_TOGETHER:,} characters")
    if sum(map(len, lines)) > _MOST_SOURCE:
        raise UnparsedError(f"it has more than {_MOST_SOURCE:,} characters")
    return parse_cell(lines)


def decode_notebook(data: bytes) -> str:
    """The text of a notebook. Raises UnparsedError."""
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnparsedError(f"it is no {error.encoding} text", data[: error.start].count(b"\n") + 1) from None


def _name_language(root: dict[str, Any]) -> str:
    """The language that the notebook says it is in; empty where it does not say."""
    metadata = root.get("metadata")
    for place, key in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(place) if isinstance(metadata, dict) else None
        word = part.get(key) if isinstance(part, dict) else None
        if isinstance(word, str):
            return word.lower()
    return ""


def list_code(root: dict[str, Any]) -> Iterator[tuple[int, list[PlacedText]]]:
    """The number of each code cell among all cells, and the texts that its source consists of."""
    sheets = root.get("worksheets")
    # Before format 4 cells were on sheets, and their source was called input.
    holders = [root, *(sheets if isinstance(sheets, list) else [])]
    lists = [holder.get("cells") for holder in holders if isinstance(holder, dict)]
    cells = [cell for listed in lists if isinstance(listed, list) for cell in listed]
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input"))
        listed = source if isinstance(source, list) else [source]
        yield number, [text for text in listed if isinstance(text, PlacedText)]


def place_in_notebook(notebook: str, texts: list[PlacedText], line: int, count: int) -> tuple[int, int]:
    """Line and column in the JSON of the character after `count` others in a line of a cell."""
    left, index = line - 1, 0
    for text in texts:
        index = text.start
        end = len(notebook)
        for match in _CHARACTER.finditer(notebook, index, end):
            if match.group() == '"':
                break
            if left == 0 and count == 0:
                return _count_lines(notebook, match.start())
            is_end = match.group() == "\\n"
            if left == 0:
                count -= 1
            elif is_end:
                left -= 1
            index = match.end()
    return _count_lines(notebook, index)


def _count_lines(notebook: str, index: int) -> tuple[int, int]:
    return notebook.count("\n", 0, index) + 1, index - notebook.rfind("\n", 0, index)
