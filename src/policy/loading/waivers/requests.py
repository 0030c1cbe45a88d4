"""A new entry in a waiver file, written so that nothing else in it changes."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from policy.errors import Location, PolicyError, Problem
from policy.loading.waivers.files import KINDS, WaiverFileReader
from policy.source.file import read_bytes
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.model.waiver_entry import WaiverEntry
    from policy.source.node import Node

HEAD: Final = "waivers: 1\nentries:\n"
# What every reader of YAML takes for the text that it is.
PLAIN: Final = re.compile(r"[A-Za-z](?:[\w ./@+-]*[\w./@+-])?", re.ASCII)
WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def write_entry(entry: WaiverEntry, indent: str = "  ") -> str:
    """The entry as YAML, a block that ends with a line end."""
    values = {key: getattr(entry, key) for key in KINDS}
    lines = [f"{key}: {_write(str(value))}" for key, value in values.items() if value]
    return f"{indent}- " + f"\n{indent}  ".join(lines) + "\n"


def _write(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text) or (PLAIN.fullmatch(text) and text.lower() not in WORDS):
        return text
    return json.dumps(text, ensure_ascii=False)


def add_entry(path: str, file: str, entry: WaiverEntry) -> None:
    """Add an entry to the waiver file at `path`, which `file` names in problems, or write a new one.

    Raises PolicyError where the file cannot be read or written, or where an entry cannot be put in.
    """
    # A link stays a link: what it leads to is replaced.
    real = os.path.realpath(path)
    old = read_bytes(real, file) if os.path.lexists(real) else b""
    text = _insert(old, file, entry) if old.strip() else HEAD + write_entry(entry)
    _check(old, text.encode(), file, entry)
    _replace(real, text.encode(), file)


def _insert(data: bytes, file: str, entry: WaiverEntry) -> str:
    root = read_yaml(data, file).root
    entries = root.get("entries") if isinstance(root, Mapping) else None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _refuse(file, entry, "is not UTF-8") from None
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    if entries is None:
        lines.append(f"entries:{end}")
        position, indent = len(lines), "  "
    else:
        position, indent = _make_room(lines, entries, file, entry)
    lines.insert(position, write_entry(entry, indent).replace("\n", end))
    return "".join(lines)


def _make_room(lines: list[str], entries: Node, file: str, entry: WaiverEntry) -> tuple[int, str]:
    """Where the new entry goes, as the number of a line, and how far in; an empty list is cleared away."""
    line = entries.line - 1
    if isinstance(entries, Sequence) and entries.items:
        column = entries.column - 1
        if lines[line][column : column + 1] != "-":
            raise _refuse(file, entry, "lists its entries in brackets")
        return _find_end(lines, entries), " " * column
    if isinstance(entries, Sequence):
        if lines[line][entries.column - 1 : entries.end_column - 1].replace(" ", "") != "[]":
            raise _refuse(file, entry, "has a list over several lines that is empty")
        lines[line] = lines[line][: entries.column - 1].rstrip() + lines[line][entries.end_column - 1 :]
    elif isinstance(entries, Scalar) and entries.is_null and entries.text:
        lines[line] = lines[line][: entries.column - 1].rstrip() + lines[line][entries.end_column - 1 :]
    return line + 1, "  "


def _find_end(lines: list[str], entries: Sequence) -> int:
    """Behind the last line of the last entry; comments below it stay below it."""
    last = entries.items[-1]
    position = last.end_line - 1 if last.end_column == 1 else last.end_line
    while position > last.line and (not lines[position - 1].strip() or lines[position - 1].lstrip().startswith("#")):
        position -= 1
    return min(position, len(lines))


def _check(old: bytes, new: bytes, file: str, entry: WaiverEntry) -> None:
    """Raises PolicyError unless the new file holds what the old one held and the entry."""
    problems: list[Problem] = []
    before = WaiverFileReader(read_yaml(old, file), "", problems).read(None) if old.strip() else []
    if problems:
        raise PolicyError(*problems)
    try:
        after = WaiverFileReader(read_yaml(new, file), "", problems).read(None)
    except PolicyError:
        raise _refuse(file, entry, "is written in a way that nothing can be added to") from None
    if problems or after != [*before, entry]:
        raise _refuse(file, entry, "is written in a way that nothing can be added to")


def _refuse(file: str, entry: WaiverEntry, why: str) -> PolicyError:
    remedy = (
        f"add the entry by hand: {json.dumps({key: str(getattr(entry, key)) for key in KINDS if getattr(entry, key)})}"
    )
    return PolicyError(Problem(f"the request cannot be added: the file {why}", remedy, Location(file)))


def _replace(path: str, data: bytes, file: str) -> None:
    part = f"{path}.part-{os.urandom(4).hex()}"
    try:
        with open(part, "xb") as stream:
            stream.write(data)
        if os.path.exists(path):
            os.chmod(part, os.stat(path).st_mode & 0o7777)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(part)
        remedy = "name a file in a folder that can be written"
        raise PolicyError(Problem(f"the request cannot be written: {error.strerror}", remedy, Location(file))) from None
