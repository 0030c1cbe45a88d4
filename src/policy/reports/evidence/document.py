"""Evidence as JSON, `policy-evidence/1`: the contract that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.language.explanation import show_value
from policy.model.fact import ABSENT, Members
from policy.model.kinds import ListKind, RecordsKind
from policy.reports.json_report import contradiction_document, location_document, problem_document, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.errors import Problem
    from policy.model.kinds import Kind
    from policy.reports.evidence.view import Counts, Entry, EvidenceContext, EvidenceView, Unknown

FORMAT: Final = "policy-evidence/1"


class JsonEvidence:
    """The form for programs: one fact a line, so that two states of a project can be compared line by line."""

    name = "json"
    separator = ","
    worst_first = False

    def start(self, context: EvidenceContext) -> str:
        """The head, up to the first subject."""
        return f'{{"format": {write_json(FORMAT)},\n "subjects": ['

    def show(self, view: EvidenceView, context: EvidenceContext) -> str:
        """One subject."""
        subject = view.subject
        unavailable = [{"path": path, "why": reason} for path, reason in view.unavailable.items()]
        return (
            f'\n {{"project": {write_json(subject.project)}, "manifest": {write_json(subject.manifest)},'
            f' "training_config": {write_json(subject.training_config)},\n'
            f'  "facts": {write_lines(map(entry_document, view.entries))},\n'
            f'  "contradictions": {write_lines(map(contradiction_document, view.contradictions))},\n'
            f'  "unavailable": {write_lines(unavailable)},\n'
            f'  "unknown": {write_lines(map(unknown_document, view.unknown))}}}'
        )

    def finish(self, counts: Counts, problems: Sequence[Problem], context: EvidenceContext) -> str:
        """Problems with the input, and the counts."""
        errors = [problem_document(problem) for problem in problems if problem.level == "error"]
        warnings = [problem_document(problem) for problem in problems if problem.level != "error"]
        summary = {
            "subjects": counts.subjects,
            "facts": counts.facts,
            "contradictions": counts.contradictions,
            "unknown": counts.unknown,
        }
        return (
            f'],\n "errors": {write_lines(errors)},\n "warnings": {write_lines(warnings)},\n'
            f' "summary": {write_json(summary)}}}\n'
        )


def write_lines(items: Iterable[dict[str, Any]]) -> str:
    """A list, each of its items on a line of its own."""
    lines = ",\n   ".join(map(write_json, items))
    return f"[\n   {lines}]" if lines else "[]"


def entry_document(entry: Entry) -> dict[str, Any]:
    """One claim, or one fact that follows, every key always there."""
    fact = entry.fact
    return {
        "path": entry.path,
        "value": encode_value(entry.kind, fact.value),
        "origin": fact.origin,
        "source": fact.source,
        "location": location_document(fact.location),
        "digest": fact.digest or None,
        "text": show_value(entry.kind, fact.value),
        "complete": fact.value.complete if isinstance(fact.value, Members) else None,
        "judged": entry.judged,
        "contradicted": entry.contradicted,
        "follows_from": list(entry.follows_from),
    }


def encode_value(kind: Kind, value: Any) -> Any:
    """A value as JSON; null where it was looked for and is not there. Fields of records stand without their origin."""
    if value is ABSENT:
        return None
    if not isinstance(value, Members):
        return kind.encode(value)
    if isinstance(kind, RecordsKind):
        kinds = {field.path: field.kind for field in kind.fields}
        return [{name: encode_value(kinds[name], fact.value) for name, fact in item.items()} for item in value.items]
    of = kind.of if isinstance(kind, ListKind) else kind
    return [of.encode(item) for item in value.items]


def unknown_document(unknown: Unknown) -> dict[str, Any]:
    """A fact that is not known."""
    return {
        "path": unknown.path,
        "why": unknown.why,
        "settle": unknown.settle,
        "policies": list(unknown.policies),
    }
