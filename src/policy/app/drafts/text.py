"""The text of a manifest that a person goes on with: what is known as keys, what nobody said as commented keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.source.display import show_text
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH = 118
COLUMN = 32
# What is longer has its note above it.
LONGEST_BESIDE = 56
# Words that some reader of YAML takes for a truth value, for nothing, or for a number.
_AMBIGUOUS = re.compile(r"(?i:y|yes|n|no|true|false|on|off|null|nan|inf|infinity)")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.+/@-]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Item(NamedTuple):
    """One entry of a list: fields and their values; one that is not `stated` is commented out."""

    fields: tuple[tuple[str, str], ...]
    stated: bool = True
    note: str = ""


class Line(NamedTuple):
    """One key, by its dotted path, with its value as YAML, or as items; without either it is commented out."""

    path: str
    value: str = ""
    note: str = ""
    items: tuple[Item, ...] = ()

    @property
    def is_stated(self) -> bool:
        return bool(self.value) or any(item.stated for item in self.items)


def write_scalar(text: str) -> str:
    """A text as YAML that every reader takes for this text and nothing else."""
    if _PLAIN.fullmatch(text) and not _AMBIGUOUS.fullmatch(text):
        return text
    return f'"{"".join(map(_escape, text))}"'


def write_list(texts: Iterable[str]) -> str:
    """A list of texts on one line."""
    return f"[{', '.join(map(write_scalar, texts))}]"


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def write_comment(text: str) -> list[str]:
    """A comment over as many lines as it needs."""
    return [f"# {part}" for part in _wrap(text, WIDTH - 2)]


def write_lines(lines: Sequence[Line]) -> list[str]:
    """The keys in their sections, in the order in which the sections first occur.

    A section's own key is never commented out: empty it states nothing, and each key below it can be uncommented
    by itself.
    """
    return list(_write_level(lines, "", ""))


def _write_level(lines: Sequence[Line], prefix: str, indent: str) -> Iterator[str]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.path[len(prefix) :].partition(".")[0], []).append(line)
    for key, members in groups.items():
        if members[0].path == prefix + key:
            yield from _write_line(members[0], key, indent)
        else:
            yield f"{indent}{key}:"
            yield from _write_level(members, f"{prefix}{key}.", f"{indent}  ")


def _write_line(line: Line, key: str, indent: str) -> Iterator[str]:
    start = indent if line.value or line.items else f"{indent}# "
    yield from _annotate(f"{start}{key}: {line.value}".rstrip(), line.note)
    for item in line.items:
        fields = ", ".join(f"{name}: {write_scalar(value)}" for name, value in item.fields)
        yield from _annotate(f"{indent}  {'' if item.stated else '# '}- {{{fields}}}", item.note)


def _annotate(text: str, note: str) -> Iterator[str]:
    """A line with its note beside it, or above it where the line is long."""
    if not note:
        yield text
    elif len(text) > LONGEST_BESIDE:
        indent = " " * (len(text) - len(text.lstrip(" ")))
        yield from (f"{indent}# {part}" for part in _wrap(note, WIDTH - len(indent) - 2))
        yield text
    else:
        column = max(COLUMN, len(text) + 2)
        parts = _wrap(note, WIDTH - column - 2)
        yield f"{text:<{column}}# {parts[0]}"
        yield from (f"{'':<{column}}# {part}" for part in parts[1:])


def _wrap(text: str, width: int) -> list[str]:
    from textwrap import wrap  # only files that are drafted need it

    return wrap(show_text(text), width, break_long_words=False, break_on_hyphens=False) or [""]
