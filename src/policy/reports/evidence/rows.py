"""The table of evidence about one subject: its sections, and in each a row for every claim worth reading."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.model.fact import Members
from policy.model.kinds import RecordsKind
from policy.reports.evidence.cells import is_pointed, say_value, say_where
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.decision import Subject
    from policy.reports.evidence.view import Entry, EvidenceView

# What is known of the project's own standing comes last, in one section.
LAST = ("manifest", "run", "approval", "evidence")


class Row(NamedTuple):
    """One claim; `name` and `value` are empty where they are those of the row above.

    `judged` where policies are judged on the value, `doubt` where claims about the fact contradict each other;
    `inside` where it is a field of a record.
    """

    name: str
    value: str
    origin: str
    where: str
    judged: bool
    doubt: bool
    inside: bool = False


class Section(NamedTuple):
    """Facts whose paths start alike; without a `title` they are named by their whole paths."""

    title: str
    rows: tuple[Row, ...]


def list_sections(view: EvidenceView) -> list[Section]:
    """First the facts without a section, then the others in the order of the schema."""
    sections: dict[str, dict[str, list[Entry]]] = {"": {}}
    last: dict[str, list[Entry]] = {}
    for entry in view.entries:
        title = _name_section(entry)
        into = last if title in LAST else sections.setdefault(title, {})
        into.setdefault(entry.path, []).append(entry)
    made = [_make_section(title, facts, view) for title, facts in sections.items()]
    made.append(_make_section("", last, view))
    return [section for section in made if section.rows]


def _name_section(entry: Entry) -> str:
    is_inside = "." in entry.path or isinstance(entry.kind, RecordsKind)
    return entry.path.partition(".")[0].partition("[")[0] if is_inside else ""


def _make_section(title: str, facts: dict[str, list[Entry]], view: EvidenceView) -> Section:
    # A heading over one fact says no more than the fact's path.
    title = title if len(facts) > 1 else ""
    folder = find_folder(view.subject)
    heading, rows, record = title, list[Row](), ""
    for path, claims in facts.items():
        outer, bracket, _ = path.rpartition("].")
        name = _name_member(path, is_first=outer != record) if bracket else _name_row(path, title)
        record = outer
        told = list(_list_rows(name, claims, folder))
        told = [row._replace(inside=bool(bracket) and not title.startswith(outer.partition("[")[0])) for row in told]
        if path == title:
            heading = f"{title}: {told[0].value}"
        else:
            rows += told
    return Section(heading, tuple(rows))


def _name_row(path: str, title: str) -> str:
    return path.removeprefix(f"{title}.") if title else path


def _name_member(path: str, *, is_first: bool) -> str:
    """A field of a record: only the first one of each record bears the record's number."""
    outer, _, name = path.rpartition("].")
    number = f"{int(outer.rpartition('[')[2]) + 1}."
    return f"{number if is_first else ' ' * len(number)} {name}"


def _list_rows(name: str, claims: list[Entry], folder: str) -> Iterator[Row]:
    """What counts first. Of those that say the same, one for each origin, best one that points at a line."""
    judged = [claim for claim in claims if claim.judged]
    doubt = any(claim.contradicted for claim in claims)
    first = judged[0] if judged else claims[0]
    if isinstance(first.kind, RecordsKind) and isinstance(first.fact.value, Members) and first.fact.value.items:
        # The records follow, each with who tells of it.
        yield Row(name, say_value(first.kind, first.fact.value), "", "", judged=True, doubt=doubt)
        return
    said: dict[str, dict[str, list[Entry]]] = {}
    for claim in (*judged, *claims):
        value = say_value(claim.kind, claim.fact.value)
        said.setdefault(value, {}).setdefault(claim.fact.origin, []).append(claim)
    for value, origins in said.items():
        shown = value
        for origin, same in origins.items():
            claim = next((claim for claim in same if is_pointed(claim.fact)), same[0])
            counts = any(entry.judged for entry in same)
            yield Row(name, shown, origin, say_where(claim.fact, folder), counts, doubt)
            name = shown = ""


def find_folder(subject: Subject) -> str:
    """The folder that a subject is about, relative to the root."""
    return posixpath.dirname(subject.manifest or subject.training_config or "")
