"""Conditions in plain English, a line for each part, and two such texts compared."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from policy.language.outline import outline_condition
from policy.language.prose import ProseWriter
from policy.model.condition import AllOf
from policy.model.set_changes import GONE, NEW, SAME, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from policy.language.outline import Outline
    from policy.model.condition import Condition

LEADS = {"all": "all of these:", "any": "at least one of these:"}
ALWAYS = "in every case"
INDENT = "  "
# Beyond so many pairs of lines, which nobody writes by hand, the texts stand one after the other.
MOST_PAIRS = 250_000


def write_condition(condition: Condition, values: Mapping[str, Any], *, must: bool = False) -> list[str]:
    """The condition in words, as a requirement where `must`: what begins at the left must all be so."""
    if condition == AllOf() and not must:
        return [ALWAYS]
    outline = outline_condition(condition, ProseWriter(values), must=must)
    # A part more is then a line more, and those beside it stay as they are.
    parts = outline.parts if outline.word == "all" and not outline.text else (outline,)
    return [line for part in parts for line in _write(part, "")]


def _write(outline: Outline, indent: str) -> Iterator[str]:
    if not outline.parts:
        yield indent + outline.text
        return
    lead = LEADS[outline.word]
    yield indent + (f"{outline.text}, {lead}" if outline.text else lead)
    for part in outline.parts:
        yield from _write(part, indent + INDENT)


def compare_lines(old: Sequence[str], new: Sequence[str]) -> tuple[Line, ...]:
    """Both texts in one: what is the same, what is gone, and what is new."""
    if len(old) * len(new) > MOST_PAIRS:
        return (*(Line(GONE, text) for text in old), *(Line(NEW, text) for text in new)) if old != new else ()
    lines: list[Line] = []
    for tag, start, end, other, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [Line(SAME, text) for text in old[start:end]]
            continue
        lines += [Line(GONE, text) for text in old[start:end]]
        lines += [Line(NEW, text) for text in new[other:last]]
    return tuple(lines)
