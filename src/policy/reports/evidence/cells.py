"""What stands in the table of evidence: a fact's name, its value in words, and where it came from."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from policy.language.phrases import count_words
from policy.model.fact import ABSENT, Members
from policy.model.fields import DATA, HISTORY, JOB_FILE, RESULTS, RUNS, SCAN
from policy.model.kinds import ListKind, MoneyKind, NumberKind, RecordsKind
from policy.reports.evidence.entries import DERIVED
from policy.reports.layout import clean

if TYPE_CHECKING:
    from policy.model.fact import Fact
    from policy.model.kinds import Kind

WIDTH = 80
GAP = "  "
# Nobody reads a longer value in a table; the JSON form holds it whole.
LONGEST_VALUE = 200
DIGEST_LENGTHS = (40, 64)
SHOWN_DIGEST = 12
HEXADECIMAL = frozenset("0123456789abcdef")
# These look into other files than the one that names them, which is where their facts are placed.
ELSEWHERE = (DATA, SCAN, RESULTS, RUNS, JOB_FILE, HISTORY, DERIVED)


def say_value(kind: Kind, value: Any) -> str:
    """A value in words, on one line."""
    if value is ABSENT:
        return "not set"
    if isinstance(value, Members):
        return clean(_say_members(kind, value), LONGEST_VALUE)
    if isinstance(value, str) and len(value) in DIGEST_LENGTHS and HEXADECIMAL.issuperset(value):
        return f"{value[:SHOWN_DIGEST]}…"
    if isinstance(kind, NumberKind):
        return _say_number(value)
    if isinstance(kind, MoneyKind) and 0 < value.amount < 1:
        # In cents it would be nothing.
        return kind.show(value)
    return clean(kind.say(value), LONGEST_VALUE)


def _say_members(kind: Kind, value: Members) -> str:
    if isinstance(kind, RecordsKind):
        said = count_words(len(value.items), "entry") if value.items else "none"
    else:
        of = kind.of if isinstance(kind, ListKind) else kind
        said = ", ".join(of.say(item) for item in value.items) or "none"
    return said if value.complete else f"{said}, perhaps more"


def _say_number(value: float) -> str:
    """Four digits that count; a whole number in full where it is not endless."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def say_where(fact: Fact, folder: str) -> str:
    """What told a fact: a line, seen from a folder; a file, or a kind of evidence."""
    place, source = fact.location, fact.source
    if place is None or source.startswith(ELSEWHERE):
        return clean(source)
    file = posixpath.relpath(place.file, folder or ".")
    if place.end_line:
        return clean(f"{file}:{place.line}")
    # It is the file as a whole that tells it; what a tool does by default stands in no file.
    return clean(file if source.endswith(" config") else source)


def is_pointed(fact: Fact) -> bool:
    """Whether a line can be named that tells the fact."""
    return fact.location is not None and fact.location.end_line > 0 and not fact.source.startswith(ELSEWHERE)
