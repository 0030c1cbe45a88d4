"""Evidence as text for a person: a table of facts by section, then what contradicts what, then what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.colour import paint
from policy.reports.evidence.cells import GAP, WIDTH
from policy.reports.evidence.gaps import dim, write_unknown, write_unstated
from policy.reports.evidence.rows import list_sections
from policy.reports.evidence.table import Table
from policy.reports.layout import clean, count_noun, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location, Problem
    from policy.model.decision import ContradictionNote, Subject
    from policy.reports.evidence.view import Counts, EvidenceContext, EvidenceView


class TextEvidence:
    """What `policy evidence` prints."""

    name = "text"
    separator = "\n"
    worst_first = False

    def start(self, context: EvidenceContext) -> str:
        """Nothing stands before the first subject."""
        return ""

    def show(self, view: EvidenceView, context: EvidenceContext) -> str:
        """One subject."""
        return "\n".join(_write_subject(view, context)) + "\n"

    def finish(self, counts: Counts, problems: Sequence[Problem], context: EvidenceContext) -> str:
        """The counts in one line."""
        errors = sum(problem.level == "error" for problem in problems)
        # What is broken may be the manifest, of which it must not be said that there is none.
        nothing = "no facts" if errors else "no facts: there is no ml-manifest.yaml, and nothing that trains"
        known = f"{count_noun(counts.subjects, 'subject')}, {count_noun(counts.facts, 'fact')}"
        parts = [known if counts.subjects else nothing]
        parts += [count_noun(counts.contradictions, "contradiction")] if counts.contradictions else []
        parts += [f"{counts.unknown:,} not known"] if counts.unknown else []
        parts += [f"{count_noun(errors, 'problem')} with the input (on standard error)"] if errors else []
        warnings = len(problems) - errors
        parts += [f"{count_noun(warnings, 'warning')} (on standard error)"] if warnings else []
        lines = wrap(" · ".join(parts), "", "  ", WIDTH)
        return ("\n" if counts.subjects else "") + paint("\n".join(lines), "bold", colour=context.colour) + "\n"


def _write_subject(view: EvidenceView, context: EvidenceContext) -> Iterator[str]:
    yield from _write_head(view.subject, context)
    sections = list_sections(view)
    table = Table(sections, colour=context.colour)
    for section in sections:
        yield ""
        yield from table.write(section)
    for heading, lines in (
        ("contradictions", [line for found in view.contradictions for line in _write_contradiction(found, context)]),
        ("not stated in the manifest", list(write_unstated(view, context))),
        ("not known", list(write_unknown(view, context))),
    ):
        if lines:
            yield from ("", GAP + paint(heading, "bold", colour=context.colour), *lines)


def _write_head(subject: Subject, context: EvidenceContext) -> Iterator[str]:
    yield paint(clean(subject.project, WIDTH), "bold", colour=context.colour)
    files = [clean(context.show_path(file)) for file in (subject.manifest, subject.training_config) if file]
    said = ", ".join(files) if subject.manifest else f"{', '.join(files)} (no manifest)"
    yield from dim(wrap(said, GAP, width=WIDTH), context)


def _write_contradiction(found: ContradictionNote, context: EvidenceContext) -> Iterator[str]:
    first, *others = wrap(clean(found.message), "    ", "      ", WIDTH)
    yield first.replace(found.field, paint(found.field, "yellow", colour=context.colour), 1)
    yield from others
    for value, place in ((found.declared, found.declared_at), (found.observed, found.observed_at)):
        if place is not None:
            yield from wrap(f"{clean(value, 60)} at {_say_place(place, context)}", "      ", "        ", WIDTH)


def _say_place(place: Location, context: EvidenceContext) -> str:
    position = f":{place.line}:{place.column}" if place.end_line else ""
    return clean(context.show_path(place.file) + position)
