"""Decisions as JUnit XML: a test suite for each project, a test case for each policy."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy.reports.approved import is_approved
from policy.reports.findings import APPROVED, ends_run, find_alternatives, list_contradictions, say_wanted
from policy.reports.known import list_fixed_lines, name_entry, say_beyond, say_comparison
from policy.reports.layout import clean
from policy.reports.proposals import say_proposed
from policy.reports.text_summary import say_policy_set
from policy.reports.unassessed import say_effect
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policy.errors import Location, Problem
    from policy.model.baseline import Comparison
    from policy.model.decision import Decision, Outcome
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext

MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
SPECIAL = re.compile('[&<>"]')
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
INPUT = "problems with the input"
FIXED = "fixed since the baseline"
NOTHING: Mapping[str, str] = MappingProxyType({})


class Case(NamedTuple):
    """One test case: its result (`failure`, `error`, `skipped`, empty where it passed), and why, in short and whole."""

    group: str
    name: str
    result: str = ""
    type: str = ""
    message: str = ""
    lines: tuple[str, ...] = ()


class JunitReporter:
    """The report for test pages: what fails the run has failed, what could not be judged is an error."""

    name = "junit"
    separator = ""
    worst_first = False

    def start(self, context: ReportContext) -> str:
        """The head; the counts stand on each suite, as they come."""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="policy check, gate {escape(context.gate)}">\n'
        )

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """The suite of one project."""
        subject = decision.subject
        file = subject.training_config or subject.manifest or ""
        properties = {
            "verdict": decision.verdict,
            "baseline": say_beyond(decision),
            "gate": decision.gate,
            "mode": decision.mode,
            "manifest": subject.manifest or "",
            "training_config": subject.training_config or "",
            "decision": decision.id,
            "policy_set": decision.policy_set,
            "judged_by": " ".join(say_policy_set(context).split()),
        }
        settle = {item.policy: item.settle for item in decision.not_assessed}
        compared = decision.baseline.by_policy if decision.baseline is not None else {}
        cases = [
            _make_passed(outcome, settle.get(outcome.policy, ""), context)
            if is_approved(outcome, decision)
            else _make_case(outcome, settle.get(outcome.policy, ""), compared.get(outcome.policy), context)
            for outcome in decision.outcomes
        ]
        told = list(_say_contradictions(decision))
        told += [say_proposed(decision)] if decision.proposed is not None else []
        name = f"{subject.project} ({file})" if file else subject.project
        attributes = {"timestamp": decision.time, "file": file}
        return "".join(f"{line}\n" for line in _write_suite(name, cases, attributes, properties, told))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The problems with the input, and what is fixed since the baseline, as suites of their own."""
        cases = [_make_problem_case(problem) for problem in problems]
        lines = _write_suite(INPUT, cases) if cases else ()
        fixed = summary.baseline.fixed if summary.baseline is not None else ()
        passed = [Case(FIXED, name_entry(entry)) for entry in fixed]
        added = _write_suite(FIXED, passed, told=list_fixed_lines(summary.baseline)) if passed else ()
        return "".join(f"{line}\n" for line in (*lines, *added, "</testsuites>"))


def escape(text: str) -> str:
    """A text of any origin on one line, as XML carries it; control characters are shown by stand-ins."""
    return SPECIAL.sub(lambda found: MARKUP[found[0]], clean(text))


def _say_contradictions(decision: Decision) -> Iterator[str]:
    for found, comparison in list_contradictions(decision):
        said = say_comparison(comparison)
        yield f"contradiction: {found.message}{f' ({said})' if said else ''}"


def _make_case(outcome: Outcome, settle: str, comparison: Comparison | None, context: ReportContext) -> Case:
    policy = context.policies.get(outcome.policy)
    group = policy.area if policy and policy.area else "policies"
    if outcome.outcome == "pass":
        return Case(group, outcome.policy)
    is_known = comparison is not None and comparison.is_covered
    result = "skipped" if is_known else _name_result(outcome, context.fail_on)
    compared = say_comparison(comparison)
    said = outcome.message or outcome.note or settle or "not for this project"
    lines = tuple(_write_reasons(outcome, settle, find_alternatives(policy)))
    state = f"known, {say_state(outcome)}" if is_known else say_state(outcome)
    return Case(group, outcome.policy, result, state, said, (*([compared] if compared else []), *lines))


def _make_passed(outcome: Outcome, settle: str, context: ReportContext) -> Case:
    """What would hold, and passes by an approval: it fails nothing."""
    lines = tuple(_write_reasons(outcome, settle, find_alternatives(context.policies.get(outcome.policy))))
    return _make_case(outcome, settle, None, context)._replace(result="skipped", type=APPROVED, lines=lines)


def _name_result(outcome: Outcome, fail_on: str) -> str:
    if outcome.outcome == "error":
        return "error"
    return "failure" if ends_run(outcome.effect, fail_on) else "skipped"


def say_state(outcome: Outcome) -> str:
    """What became of a policy and what that does: `block`, `would flag`, `unknown, flag`, `waived`."""
    effect = say_effect(outcome)
    if outcome.outcome in ("fail", "waived"):
        return effect or "fail"
    return ", ".join(part for part in (outcome.outcome.replace("-", " "), effect) if part)


def _write_reasons(outcome: Outcome, settle: str, alternatives: frozenset[Location]) -> Iterator[str]:
    if outcome.location:
        yield f"at {_say_place(outcome.location)}"
    for reason in outcome.because:
        if reason.result != "true":
            place = f" ({_say_place(reason.location)})" if reason.location else ""
            actual = "unknown" if reason.actual is None else reason.actual
            wanted = say_wanted(reason, alternative=reason.required_at in alternatives)
            yield f"{reason.field} is {actual}{place}, {wanted}"
    failed = outcome.outcome in ("fail", "waived")
    parts = {
        "settle": "" if settle == outcome.message else settle,
        "help": outcome.fix if failed else "",
        "instead": ", ".join(outcome.instead) if failed else "",
        "note": outcome.note,
    }
    yield from (f"{word}: {text}" for word, text in parts.items() if text)


def _say_place(place: Location) -> str:
    return f"{place.file}:{place.line}:{place.column}"


def _make_problem_case(problem: Problem) -> Case:
    lines = [f"at {_say_place(problem.location)}"] if problem.location else []
    lines += [f"{label}: {_say_place(place)}" for label, place in problem.related]
    lines += [f"help: {problem.remedy}"] if problem.remedy else []
    # A warning fails nothing.
    result = "error" if problem.level == "error" else "skipped"
    name = f"{_say_place(problem.location)}: {problem.message}" if problem.location else problem.message
    return Case("input", name, result, problem.level, problem.message, tuple(lines))


def _write_suite(
    name: str,
    cases: Sequence[Case],
    attributes: Mapping[str, str] = NOTHING,
    properties: Mapping[str, str] = NOTHING,
    told: Iterable[str] = (),
) -> Iterator[str]:
    results = [case.result for case in cases]
    counts = {"tests": len(cases)} | {word: results.count(result) for result, word in COUNTED.items()}
    written = [f'{word}="{escape(str(value))}"' for word, value in {"name": name, **counts, **attributes}.items()]
    yield f"<testsuite {' '.join(written)}>"
    if properties:
        yield "<properties>"
        yield from (f'<property name="{word}" value="{escape(value)}"/>' for word, value in properties.items() if value)
        yield "</properties>"
    for case in cases:
        yield from _write_case(case)
    for line in told:
        yield f"<system-out>{escape(line)}</system-out>"
    yield "</testsuite>"


def _write_case(case: Case) -> Iterator[str]:
    opening = f'<testcase classname="{escape(case.group)}" name="{escape(case.name)}"'
    if not case.result:
        yield f"{opening}/>"
        return
    yield f"{opening}>"
    yield f'<{case.result} type="{escape(case.type)}" message="{escape(f"{case.type}: {case.message}")}">'
    yield from map(escape, case.lines)
    yield f"</{case.result}>"
    yield "</testcase>"
