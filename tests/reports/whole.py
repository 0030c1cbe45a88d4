"""Whole reports, as the command puts them together, and decisions in which every text is hostile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from policy.app.baselines.comparing import find_verdict, list_recordable
from policy.errors import Location, Problem
from policy.model.baseline import BaselineCounts, BaselineEntry, Compared, Comparison
from policy.model.decision import ContradictionNote, Decision, NotAssessed, Outcome, Reason, Subject
from policy.model.gates import EFFECTS, OUTCOMES, VERDICTS
from policy.model.proposal import Proposed
from policy.model.summary import Summary
from policy.reports.reporter import ReportContext
from tests.reports.scenarios import SCENARIOS, Scenario, allow

# Whatever a format must not let act: commands of a runner, markup, calls of people, formulas, what is no text.
HOSTILE = (
    "<script>alert(1)</script>",
    "::error::owned",
    "x\n::add-mask::a\r\n::stop-commands::b",
    "%0A::error file=a::owned%0A",
    "##[error]owned ##[stop-commands]x",
    "a:b,c=d;e|f",
    "]]> --> <!-- </testsuites> <![CDATA[",
    "</details></td></table><img src=x onerror=alert(1)>",
    "@everyone #1 !2 GH-3 acme/other#4 me@acme.example",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png) <https://evil.example> www.evil.example",
    "| a | `b` || ``c`` \\| \\\\| |\n| --- |",
    "`` ` ``` ~~~ # h\n- x\n1. y\n> z",
    "=cmd|' /C calc'!A0,\";=1+1\t@SUM(1)\n+1",
    "\x1b[31m\x00\x07\x1b]8;;https://evil.example\x1b\\ \u202eevil\u202c \u2028 \u0085 \ufffe",
    "lone \ud800 and \udfff, and \N{GRINNING FACE}",
    "",
    " ",
    "x" * 100_000,
)


def render(
    reporter: Any, scenarios: Sequence[Scenario], problems: Sequence[Problem] = (), context: ReportContext | None = None
) -> str:
    """The whole report about some decisions."""
    return render_decisions(reporter, [scenario.decision for scenario in scenarios], problems, context)


def render_named(reporter: Any, *names: str, problems: Sequence[Problem] = ()) -> str:
    """The whole report about some scenarios; of one with a context of its own."""
    scenarios = [SCENARIOS[name]() for name in names]
    return render(reporter, scenarios, problems, scenarios[0].context() if len(scenarios) == 1 else None)


def render_decisions(
    reporter: Any,
    decisions: Sequence[Decision],
    problems: Sequence[Problem] = (),
    context: ReportContext | None = None,
    fixed: Sequence[BaselineEntry] = (),
) -> str:
    """The whole report, put together as the command does."""
    context, summary = context or allow().context(), Summary()
    if fixed or any(decision.baseline for decision in decisions):
        summary.baseline = BaselineCounts(fixed[0].policy if fixed else ".policy-baseline.json", 9)
        summary.baseline.fixed = tuple(fixed)
    for decision in decisions:
        summary.count(decision)
    if reporter.worst_first:
        decisions = sorted(decisions, key=lambda decision: -VERDICTS.index(decision.verdict))
    texts = [reporter.report_decision(decision, context) for decision in decisions]
    head, tail = reporter.start(context), reporter.finish(summary, problems, context)
    if hasattr(reporter, "compose"):
        return "".join(reporter.compose(head, iter(texts), tail))
    return f"{head}{reporter.separator.join(texts)}{tail}"


def propose(decision: Decision) -> Decision:
    """The decision about a change that changes a policy too."""
    return decision._replace(proposed=Proposed("allow", ("volatile-data",), "sha256:0"))


def poison(text: str) -> Decision:
    """A decision with an outcome of every sort, in which every text that comes from outside is this one."""
    place = Location(text, 3, 5, 3, 9)
    reason = Reason(text, "equals", text, text, "declared", "false", text, place, place)
    outcomes = [
        Outcome(f"p-{outcome}-{effect}", outcome, "high", effect, None, text, (text,), text, where, (reason,), text)
        for outcome in OUTCOMES
        for effect in (None, *EFFECTS)
        for where in (None, place)
    ]
    # Facts are named by the schema, whatever a project writes.
    outcomes.append(Outcome("p-waived-gap", "waived", "low", None, "block", text, note=text, missing=("data.rows",)))
    unassessed = (NotAssessed("p-unknown-flag", ("approach", "data.rows"), (text, text)),)
    decision = allow().decision._replace(
        subject=Subject(text, text, text),
        verdict="block",
        outcomes=tuple(outcomes),
        contradictions=(ContradictionNote(text, text, text, text, place, None, text),) * 2,
        not_assessed=unassessed,
        proposed=Proposed("allow", (text,), text),
    )
    return compare(decision, note=text)


def compare(decision: Decision, *, note: str = "", keep: int = 2) -> Decision:
    """The decision held against a baseline that covers every so-many-th of its findings; those after them are worse."""
    found = []
    for position, finding in enumerate(list_recordable(decision)):
        if position % keep == 0:
            found.append(Comparison(finding.policy, finding.fingerprint, "known", date(2026, 11, 20)))
        elif position % keep == 1:
            found.append(Comparison(finding.policy, finding.fingerprint, "worsened", None, note or "a was 1, is 0"))
    covered = tuple(found)
    return decision._replace(baseline=Compared(find_verdict(decision, covered), covered))


def poison_entry(text: str) -> BaselineEntry:
    """An entry of a baseline in which every text that comes from outside is this one."""
    pairs = ((text, text),)
    return BaselineEntry(text, text, text, "check", "fail", "block", "low", pairs, pairs, "0" * 64, date(2026, 11, 20))


def poison_problems(text: str) -> tuple[Problem, ...]:
    """Problems with the input in which every text is this one."""
    place = Location(text, 1, 1)
    return (Problem(text, text, place, ((text, place),)), Problem(text, "", None, (), "warning"))
