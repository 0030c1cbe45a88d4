"""Decisions as annotations of GitHub Actions: workflow commands that its runner reads from the log."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from policy.errors import Location
from policy.reports.findings import ends_run, list_contradictions, list_findings
from policy.reports.known import list_fixed_lines, say_comparison
from policy.reports.layout import clean, count_noun
from policy.reports.proposals import say_proposed
from policy.reports.text_summary import say_policy_set, say_summary
from policy.reports.unassessed import find_gaps, name_unassessed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.findings import Finding
    from policy.reports.reporter import ReportContext

KINDS = ("error", "warning", "notice")
# Of each kind GitHub shows so many for a step and drops the rest without a word.
SHOWN = 10
ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY_ESCAPES = ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


class GithubReporter:
    """The report for a pull request's files: worst first, and the last one of a kind says how many are not shown."""

    name = "github"
    separator = ""
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """Nothing stands before the first annotation."""
        return ""

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """A command for every finding and contradiction, one for what is proposed, and one for what is not assessed."""
        return "".join(f"{command}\n" for command in _write_commands(decision, context))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """A command for every problem with the input, and the counts as a line of the log."""
        commands = "".join(f"{_write_problem(problem)}\n" for problem in problems)
        fixed = "\n".join(list_fixed_lines(summary.baseline))
        if fixed:
            commands += f"{write_command('notice', None, 'fixed', fixed)}\n"
        return commands + say_policy_set(context) + say_summary(summary, problems, context) + "\n"

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """Problems with the input first, then findings, no more than are shown; at last the counts."""
        kept: dict[str, list[str]] = {kind: [] for kind in KINDS}
        dropped = dict.fromkeys(KINDS, 0)
        lines = tail.splitlines()
        commands = chain.from_iterable(map(str.splitlines, decisions))
        for command in chain(filter(_name_kind, lines), commands):
            kind = _name_kind(command)
            if len(kept[kind]) < SHOWN:
                kept[kind].append(command)
            else:
                dropped[kind] += 1
        for kind, shown in kept.items():
            if dropped[kind]:
                shown[-1] += _say_dropped(kind, dropped[kind])
            yield from (f"{command}\n" for command in shown)
        yield from (f"{line}\n" for line in lines if not _name_kind(line))


def write_command(kind: str, place: Location | None, title: str, message: str) -> str:
    """A workflow command on one line; only `message` has lines of its own, which are clean already."""
    properties = (_list_properties(place) if place else {}) | {"title": title}
    written = ",".join(f"{name}={clean(value).translate(PROPERTY_ESCAPES)}" for name, value in properties.items())
    return f"::{kind} {written}::{message.translate(ESCAPES)}"


def _list_properties(place: Location) -> dict[str, str]:
    """Where the message is shown: never without a line, or a pull request would not show it beside the file."""
    properties = {"file": place.file, "line": str(place.line)}
    if place.end_line > place.line:
        # Columns are refused for a place of several lines.
        return properties | {"endLine": str(place.end_line)}
    if place.end_line:
        properties |= {"endLine": str(place.end_line), "col": str(place.column), "endColumn": str(place.end_column)}
    return properties


def _name_kind(line: str) -> str:
    """The kind of a command; empty for what is none."""
    return line[2:].partition(" ")[0] if line.startswith("::") else ""


def _say_dropped(kind: str, count: int) -> str:
    """What is added to the last command of a kind."""
    said = f"and {count_noun(count, f'more {kind}')}: GitHub shows {SHOWN} of each kind, other reports have them all"
    return f"\n{said}".translate(ESCAPES)


def _write_commands(decision: Decision, context: ReportContext) -> Iterator[str]:
    project, file = decision.subject.project, decision.subject.manifest or decision.subject.training_config
    whole = Location(file) if file else None
    findings = list_findings(decision)
    for finding in findings:
        if not finding.brief:
            outcome = finding.outcome
            title = f"{finding.level}: {outcome.policy}"
            kind = _choose_kind(finding, context.fail_on)
            yield write_command(kind, outcome.location or whole, title, _write_message(project, finding))
    for found, comparison in list_contradictions(decision):
        place = found.declared_at or found.observed_at or whole
        is_known = comparison is not None and comparison.is_covered
        message = _join(f"{project}: {found.message}", filter(None, [say_comparison(comparison)]))
        kind, title = ("notice", "known contradiction") if is_known else ("warning", "contradiction")
        yield write_command(kind, place, title, message)
    if decision.proposed is not None:
        yield write_command("notice", whole, "proposed", clean(f"{project}: {say_proposed(decision)}"))
    names = name_unassessed(decision)
    if names:
        kinds = {_choose_kind(finding, context.fail_on) for finding in findings if finding.brief}
        kind = next((kind for kind in KINDS if kind in kinds), "notice")
        message = _join(f"{project}: {', '.join(names)}", _list_wants(decision))
        yield write_command(kind, whole, f"{count_noun(len(names), 'policy')} not assessed", message)


def _choose_kind(finding: Finding, fail_on: str) -> str:
    """An error where the run ends with one, a notice where nothing acts or all is known; a policy that broke warns."""
    outcome = finding.outcome
    if finding.is_known:
        return "notice"
    if ends_run(outcome.effect, fail_on):
        return "error"
    return "warning" if outcome.effect == "flag" or outcome.outcome == "error" else "notice"


def _write_message(project: str, finding: Finding) -> str:
    outcome = finding.outcome
    parts = {"baseline": say_comparison(finding.comparison), "note": outcome.note}
    if outcome.outcome == "fail" and not (finding.is_known or finding.is_passed):
        parts |= {"help": outcome.fix, "instead": ", ".join(outcome.instead)}
    parts["more"] = f"policy explain {outcome.policy}"
    broken = "could not be judged: " if outcome.outcome == "error" else ""
    return _join(f"{project}: {broken}{outcome.message}", (f"{word}: {text}" for word, text in parts.items() if text))


def _list_wants(decision: Decision) -> Iterator[str]:
    """What would settle it."""
    found = find_gaps(decision)
    wants = {
        "state in the manifest": [gap.fact for gap in found.gaps if gap.stated],
        "no evidence of": [gap.fact for gap in found.gaps if not gap.stated],
        "no value in the policy set for": found.parameters,
    }
    yield from (f"{word}: {', '.join(names)}" for word, names in wants.items() if names)


def _write_problem(problem: Problem) -> str:
    related = (f"{label}: {place}" for label, place in problem.related)
    lines = (*related, f"help: {problem.remedy}") if problem.remedy else related
    kind = "error" if problem.level == "error" else "warning"
    return write_command(
        kind, problem.location, "wrong input" if kind == "error" else "input", _join(problem.message, lines)
    )


def _join(first: str, others: Iterable[str]) -> str:
    return "\n".join(map(clean, (first, *others)))
