"""Decisions as Markdown that fits a comment on a pull request, whose first line says which comment to replace."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.reports.approved import is_approved
from policy.reports.findings import APPROVED, list_contradictions, list_findings
from policy.reports.known import list_fixed_lines, say_beyond, say_comparison
from policy.reports.layout import clean, count_noun
from policy.reports.markdown import escape, write_code, write_table, write_text
from policy.reports.proposals import say_proposed
from policy.reports.text_summary import VERDICT_WORDS, say_counts, say_policy_set, say_summary
from policy.reports.unassessed import find_gaps, name_unassessed, say_effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location, Problem
    from policy.model.decision import Decision, Outcome
    from policy.model.summary import Summary
    from policy.reports.findings import Finding
    from policy.reports.reporter import ReportContext

# GitHub takes 65,536 characters for a comment; the rest is for what whoever posts this adds.
ROOM = 64_000
# What problems with the input, and the findings of one project, may take of it.
PART = 20_000
# The last lines, which say what is left out.
RESERVE = 600
# Longer texts would push what matters out of sight.
LONGEST = 600
COLUMNS = ("", "policy", "where", "what was found", "what to do instead")


class MarkdownReporter:
    """The report for a pull request: what stops it and what to do, the rest folded."""

    name = "markdown"
    separator = ""
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """The mark by which a later run finds the comment that it replaces."""
        return f"{write_mark(context)}\n"

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """A heading, a table of findings and the folded rest; nothing of a project of which there is nothing to say."""
        rows = [_write_row(finding) for finding in list_findings(decision) if _is_told(finding)]
        rows += _write_unjudged(decision)
        folded = list(_write_folded(decision))
        proposed = ["", _show(say_proposed(decision))] if decision.proposed is not None else []
        if not rows and not folded and not proposed:
            return ""
        word = VERDICT_WORDS[decision.verdict].capitalize()
        beyond = f" ({say_beyond(decision)})" if decision.baseline and decision.verdict != "allow" else ""
        heading = f"### {word}: {write_code(clean(decision.subject.project, 80))}{beyond}"
        table = ["", *_fit(write_table(COLUMNS, rows), "finding", 2)] if rows else []
        return "\n".join((heading, *proposed, *table, *_fold(_say_counts(decision), folded), "", ""))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The verdicts in a line, and the problems with the input; `compose` puts both before the projects."""
        lines = [f"## Policies: {escape(say_summary(summary, (), context), quiet=True)}", ""]
        told = [f"At the gate {write_code(context.gate)}", *map(_show, say_policy_set(context).splitlines())]
        lines += [f"{' · '.join(told)} · `policy explain` says more of a policy", ""]
        errors = [_write_problem(problem) for problem in problems if problem.level == "error"]
        warnings = [_write_problem(problem) for problem in problems if problem.level != "error"]
        lines += [line for said in list_fixed_lines(summary.baseline) for line in (_show(said), "")]
        for told, word in ((errors, "wrong input"), (warnings, "warning")):
            if told:
                lines += [f"**{count_noun(len(told), word)}**", "", *_fit(told, word), ""]
        return "\n".join(lines) + "\n"

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """As many projects as there is room for, worst first; then how many there are no room for."""
        yield head + tail
        room = ROOM - RESERVE - _measure(head + tail)
        cut = left = 0
        for text in filter(None, decisions):
            heading = text.partition("\n")[0] + "\n\n"
            fits, heading_fits = _measure(text) <= room, _measure(heading) <= room
            shown = text if fits else heading if heading_fits else ""
            room -= _measure(shown)
            cut += not fits and heading_fits
            left += not heading_fits
            yield shown
        yield from _say_left_out(cut, left)


def write_mark(context: ReportContext) -> str:
    """A comment that is not shown, one for each gate, policy set and choice of paths, so that each has its own."""
    source = context.policies_from
    # Which revision it is of changes all the time.
    config = (source.config or "").partition("/")[2] if source else context.config or ""
    told = "\n".join((context.gate, config, *sorted(context.paths)))
    return f"<!-- tunegate:{context.gate}:{sha256(told.encode(errors='backslashreplace')).hexdigest()[:12]} -->"


def _measure(text: str) -> int:
    """The length as a browser counts it: a character beyond the first 65,536 is two."""
    return len(text.encode("utf-16-le")) // 2


def _is_told(finding: Finding) -> bool:
    """Whether it has a row of its own; waived and known ones are folded, and what could not be judged shares one."""
    return not (finding.brief or finding.is_known or finding.is_passed)


def _write_row(finding: Finding) -> tuple[str, ...]:
    outcome = finding.outcome
    found = f"could not be judged: {outcome.message}" if outcome.outcome == "error" else outcome.message
    said = " · ".join(text for text in (found, say_comparison(finding.comparison), outcome.note) if text)
    level = f"**{finding.level}**" if outcome.effect else finding.level
    return (level, write_code(outcome.policy), _show_place(outcome.location), _show(said), _say_instead(outcome))


def _say_instead(outcome: Outcome) -> str:
    if outcome.outcome != "fail":
        return ""
    instead = f"Instead: {', '.join(outcome.instead)}." if outcome.instead else ""
    return " ".join(part for part in (_show(outcome.fix), _show(instead)) if part)


def _write_unjudged(decision: Decision) -> Iterator[tuple[str, ...]]:
    """A row for the policies that flag because they could not be judged."""
    findings = list_findings(decision)
    names = [finding.outcome.policy for finding in findings if finding.brief and not finding.is_known]
    if names:
        facts = [gap.fact for gap in find_gaps(decision).gaps if not set(names).isdisjoint(gap.policies)]
        wanted = f"Tell {', '.join(map(write_code, facts))}." if facts else ""
        yield ("**flag**", ", ".join(map(write_code, names)), "", "cannot be judged yet", wanted)


def _write_folded(decision: Decision) -> Iterator[str]:
    """An item for each policy that is waived or approved, each contradiction, and all that was not assessed."""
    for outcome in decision.outcomes:
        word = APPROVED if is_approved(outcome, decision) else outcome.outcome
        if word in ("waived", APPROVED):
            said = " · ".join(text for text in (outcome.message, outcome.note) if text)
            yield f"- {word}: {write_code(outcome.policy)} {_show_place(outcome.location)} {_show(said)}"
    yield from (_write_known(finding) for finding in list_findings(decision) if finding.is_known)
    for found, comparison in list_contradictions(decision):
        said = " · ".join(filter(None, (found.message, say_comparison(comparison))))
        yield f"- contradiction: {_show_place(found.declared_at or found.observed_at)} {_show(said)}"
    names = name_unassessed(decision)
    if names:
        effects = {outcome.policy: say_effect(outcome) for outcome in decision.outcomes}
        shown = (f"{write_code(name)}{f' ({effects[name]})' if effects.get(name) else ''}" for name in names)
        yield f"- not assessed: {', '.join(shown)}"
        for gap in find_gaps(decision).gaps:
            yield f"- to settle it: {_show(gap.settle)}"
    for name in find_gaps(decision).parameters:
        yield f"- no value under `params` in the policy set: {write_code(name)}"


def _write_known(finding: Finding) -> str:
    outcome = finding.outcome
    broken = "could not be judged: " if outcome.outcome == "error" else ""
    said = " · ".join(filter(None, (f"{broken}{outcome.message}", say_comparison(finding.comparison), outcome.note)))
    return f"- {finding.level}: {write_code(outcome.policy)} {_show_place(outcome.location)} {_show(said)}"


def _say_counts(decision: Decision) -> str:
    contradictions = len(decision.contradictions)
    return say_counts(decision) + (f", {count_noun(contradictions, 'contradiction')}" if contradictions else "")


def _fold(summary: str, lines: list[str]) -> tuple[str, ...]:
    if not lines:
        return ()
    return ("", f"<details><summary>{summary}</summary>", "", *_fit(lines, "entry"), "", "</details>")


def _write_problem(problem: Problem) -> str:
    place = f"{_show_place(problem.location)} " if problem.location else ""
    related = "".join(f" ({_show(label)}: {_show_place(other)})" for label, other in problem.related)
    remedy = f" Help: {_show(problem.remedy)}." if problem.remedy else ""
    return f"- {place}{_show(problem.message)}{related}.{remedy}"


def _fit(lines: Sequence[str], word: str, always: int = 0) -> Iterator[str]:
    """As many lines as there is room for, and how many there are more; the first `always` are the head of a table."""
    room = PART
    for position, line in enumerate(lines):
        room -= _measure(line) + 1
        if room < 0 and position >= always:
            yield from ("", f"And {count_noun(len(lines) - position, f'more {word}')}.")
            return
        yield line


def _say_left_out(cut: int, left: int) -> Iterator[str]:
    if cut:
        yield f"Of {count_noun(cut, 'project')} only the heading is shown, "
    if left:
        yield f"{'and ' if cut else ''}{count_noun(left, 'more project')} {'is' if left == 1 else 'are'} left out, "
    if cut or left:
        yield "for a comment holds no more: `policy check` shows them all, and so do reports in other formats.\n"


@lru_cache(maxsize=1024)
def _show(text: str) -> str:
    """A text of any origin, in which nothing is markup and nobody is called; remedies come back with every project."""
    return write_text(clean(text, LONGEST), quiet=True)


def _show_place(place: Location | None) -> str:
    return write_code(clean(f"{place.file}:{place.line}", LONGEST)) if place else ""
