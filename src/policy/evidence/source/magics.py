"""A notebook's cell → a syntax tree, with what is for the notebook and not for Python taken out of its lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.evidence.source.commands import SHELL
from policy.evidence.source.python_parts import UnparsedError, parse_lines

if TYPE_CHECKING:
    import ast

# These run the Python that follows them.
_RUNNING = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"})
_MAGIC = re.compile(r"\s*[!%?]|[^#]*\?\s*$")
_RUNNING_LINE = re.compile(r"(\s*)(%(?:time|timeit|prun)\s+(?=[^-\s]))")
_ASSIGNED = re.compile(r"([\w.,\s]+=\s*)[!%]")
_SHELL_LINE = re.compile(r"([\w.,\s]+=\s*|\s*)!{1,2}(?!=)(.*)")
_SHELLS = frozenset({"bash", "sh", "script", "shell"})
# Each of these takes another look at the whole cell.
_MOST_LOOKS = 20


def parse_cell(lines: list[str]) -> ast.Module:
    """The tree of a cell, empty where it holds another language; nothing moves. Raises UnparsedError."""
    lines = list(lines)
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        name = (lines[first][2:].split() or [""])[0]
        if name in _SHELLS:
            # Its commands stand where the cell begins.
            text = "\n".join(lines[first + 1 :])
            return parse_lines([*lines[:first], f"{SHELL}({text!r})"])
        if name not in _RUNNING:
            return parse_lines([""])
        lines[first] = ""
    return _parse_without_magics(lines)


def _parse_without_magics(lines: list[str]) -> ast.Module:
    """A line is taken for a magic where Python cannot read it: one that begins with % may go on with another."""
    magics = {number for number, line in enumerate(lines) if _MAGIC.match(line) or _ASSIGNED.match(line)}
    looks = 0
    while True:
        try:
            return parse_lines(lines)
        except UnparsedError as error:
            if not magics:
                raise
            looks += 1
            chosen = {error.line - 1} & magics if looks < _MOST_LOOKS else set()
            for number in chosen or magics:
                _blank(lines, number)
            magics -= chosen or set(magics)


def _blank(lines: list[str], number: int) -> None:
    """Replace a magic by something that does nothing, and take out the lines that it goes on in."""
    line = lines[number]
    shell = _SHELL_LINE.match(line)
    if shell:
        before, text = shell.groups()
        text = "\n".join((text.rstrip(), *_take_rest(lines, number)))
        lines[number] = f"{before}{SHELL}({text!r})"
        return
    running, assigned = _RUNNING_LINE.match(line), _ASSIGNED.match(line)
    if running:
        indent, magic = running.groups()
        lines[number] = f"{indent}{'True;':<{len(magic)}}{line[running.end() :]}"
        return
    if assigned:
        lines[number] = f"{assigned.group(1)}None"
    else:
        lines[number] = f"{line[: len(line) - len(line.lstrip())]}pass"
    _take_rest(lines, number, line)


def _take_rest(lines: list[str], number: int, line: str = "") -> list[str]:
    """Take out the lines that a magic goes on in."""
    line = line or lines[number]
    taken = []
    while line.rstrip().endswith("\\") and number + 1 < len(lines):
        number += 1
        line, lines[number] = lines[number], ""
        taken.append(line)
    return taken
