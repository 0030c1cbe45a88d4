"""Decisions as text for a person: by project, worst first, each finding with its line, its rule and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.manifest import MANIFEST_NAME
from policy.reports.colour import paint
from policy.reports.findings import list_contradictions, list_findings
from policy.reports.layout import clean, join_names, wrap
from policy.reports.proposals import say_proposed
from policy.reports.text_findings import FindingWriter
from policy.reports.text_summary import say_counts, say_policy_set, say_summary
from policy.reports.unassessed import find_gaps, say_effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext
    from policy.reports.unassessed import Gap

VERDICT_STYLES = {"allow": "green", "flag": "yellow", "hold": "yellow", "block": "red"}
DECIDED = {"flag": "flagged by", "hold": "held by", "block": "blocked by"}
# From so many findings on, what decides is said again at the end, which is what a terminal shows.
MANY_FINDINGS = 4
# Of the policies that lack one fact, so many are named; `policy check --output json` names them all.
NAMED_POLICIES = 6
# What is missing for these only is named, not explained: `policy explain` does that.
HINTS = ("", "advise", "would advise")


class TextReporter:
    """The report that `policy check` prints."""

    name = "text"
    separator = "\n"
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """Nothing stands before the first project."""
        return ""

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """One project: its verdict, its findings, and what was not assessed."""
        return "\n".join(_write_decision(decision, context)) + "\n"

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The counts in one line."""
        lines = wrap(say_summary(summary, problems, context), "", "  ")
        lines += [line for told in _list_fixed(summary) for line in wrap(told, "  ", "    ")]
        before = "\n" if summary.subjects else ""
        return before + say_policy_set(context) + paint("\n".join(lines), "bold", colour=context.colour) + "\n"


def _write_decision(decision: Decision, context: ReportContext) -> Iterator[str]:
    blocks = _write_findings(decision, FindingWriter(context))
    head, counts = _say_head(decision, context), say_counts(decision)
    if blocks:
        yield head
        for lines in blocks:
            yield from ("", *lines)
        yield ""
        yield f"  {paint(counts, 'dim', colour=context.colour)}"
    else:
        yield f"{head}  {paint(f'({counts})', 'dim', colour=context.colour)}"
    if decision.verdict == "hold":
        yield f"  {paint(f'decision {decision.id}', 'dim', colour=context.colour)}"
    yield from _write_unassessed(decision, context)
    yield from _write_deciding(decision, context, len(blocks))
    if decision.proposed is not None:
        yield from wrap(say_proposed(decision), "  ", "    ")


def _write_deciding(decision: Decision, context: ReportContext, findings: int) -> Iterator[str]:
    """The policies that make the verdict, where they stand far above."""
    verdict = decision.verdict if decision.baseline is None else decision.baseline.verdict
    known = {found.policy for found in decision.baseline.findings if found.is_covered} if decision.baseline else ()
    acting = (outcome.policy for outcome in decision.outcomes if outcome.effect == verdict)
    deciding = sorted(name for name in acting if name not in known)
    if findings >= MANY_FINDINGS and verdict in DECIDED and deciding:
        lines = wrap(f"{DECIDED[verdict]}: {', '.join(deciding)}", "  ", "    ")
        yield from (paint(line, "bold", colour=context.colour) for line in lines)


def _write_findings(decision: Decision, writer: FindingWriter) -> list[list[str]]:
    findings = list_findings(decision)
    blocks = [list(writer.write(finding)) for finding in findings if not finding.brief]
    blocks.append(list(writer.write_brief([finding for finding in findings if finding.brief])))
    blocks += [list(writer.write_contradiction(*compared)) for compared in list_contradictions(decision)]
    return [lines for lines in blocks if lines]


def _say_head(decision: Decision, context: ReportContext) -> str:
    subject = decision.subject
    files = [clean(context.show_path(file)) for file in (subject.manifest, subject.training_config) if file]
    verdict = paint(decision.verdict, VERDICT_STYLES[decision.verdict], colour=context.colour)
    project = paint(clean(subject.project, 80), "bold", colour=context.colour)
    undeclared = "" if subject.manifest else "(no manifest)"
    parts = (verdict, project, ", ".join(files), undeclared, _say_beyond(decision))
    return "  ".join(part for part in parts if part)


def _say_beyond(decision: Decision) -> str:
    if decision.baseline is None or decision.verdict == "allow":
        return ""
    from policy.reports.known import say_beyond  # most runs have no baseline

    return f"({say_beyond(decision)})"


def _list_fixed(summary: Summary) -> Iterator[str]:
    if summary.baseline is not None:
        from policy.reports.known import list_fixed_lines

        yield from list_fixed_lines(summary.baseline)


def _write_unassessed(decision: Decision, context: ReportContext) -> Iterator[str]:
    """The missing facts, each with how to supply it and who needs it; without a manifest, that there is none."""
    found = find_gaps(decision)
    if decision.subject.manifest is None and found.gaps:
        names = join_names(sorted({name for gap in found.gaps for name in gap.policies}), NAMED_POLICIES)
        yield from wrap(f"not assessed, because no manifest covers this: {names}", "  ", "    ")
        yield from wrap(f"write {MANIFEST_NAME} in its folder or one above: `policy init` drafts it", "    ")
        return
    effects = {outcome.policy: say_effect(outcome) for outcome in decision.outcomes}
    hints = [gap for gap in found.gaps if all(effects.get(name, "") in HINTS for name in gap.policies)]
    for heading, stated in (("not assessed until the manifest states:", True), ("not assessed for want of:", False)):
        gaps = [gap for gap in found.gaps if gap.stated is stated and gap not in hints]
        if gaps:
            yield f"  {heading}"
        for gap in gaps:
            yield from _write_gap(gap, effects, context)
    if hints:
        yield from wrap(f"only advice waits for: {', '.join(gap.fact for gap in hints)}", "  ", "    ")
    if found.parameters:
        yield from wrap(f"no value under `params` in the policy set: {', '.join(found.parameters)}", "  ", "    ")


def _write_gap(gap: Gap, effects: dict[str, str], context: ReportContext) -> Iterator[str]:
    named = [f"{name} ({effects[name]})" if effects.get(name) else name for name in gap.policies]
    said = f"{gap.fact}: {clean(gap.supply)} · {join_names(named, NAMED_POLICIES)}"
    first, *others = wrap(said, "    ", "      ")
    yield first.replace(gap.fact, paint(gap.fact, "bold", colour=context.colour), 1)
    yield from others
