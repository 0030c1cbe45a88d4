"""A finding: what it does, why (required, found, where from), and what to do instead."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.reports.findings import APPROVED, find_alternatives, list_contradictions, say_wanted
from policy.reports.html.markup import KEPT, Html, code, element, join, table, terms, write, write_prose
from policy.reports.html.record import link_policy
from policy.reports.html.waivers import write_grounds
from policy.reports.html.words import LEVELS, badge, write_place
from policy.reports.known import say_comparison

if TYPE_CHECKING:
    from policy.model.baseline import Comparison
    from policy.model.decision import ContradictionNote, Decision, Outcome, Reason
    from policy.reports.findings import Finding
    from policy.reports.reporter import ReportContext

RESULTS = {"true": "met", "false": "not met", "unknown": "not known"}


def write_finding(finding: Finding, decision: Decision, context: ReportContext) -> Html:
    """One policy that acts, would act, or is waived or approved."""
    outcome = finding.outcome
    policy = context.policies.get(outcome.policy)
    return element(
        "section",
        _write_title(finding.level, policy.title if policy else outcome.policy),
        element("p", write_prose(outcome.message), class_="message") if outcome.message else "",
        _write_comparison(finding.comparison),
        _write_reasons(outcome, context) if outcome.because else "",
        _write_remedy(outcome.fix, outcome.instead) if _has_remedy(finding, context) else "",
        write_grounds(outcome, decision, context) if outcome.outcome == "waived" else "",
        element("p", write_prose(_say_note(outcome)), class_="note") if outcome.note else "",
        element("p", link_policy(outcome.policy, context), f" · severity {outcome.severity}", class_="about"),
        class_=f"finding {finding.level.replace(' ', '-')}",
    )


def _write_comparison(comparison: Comparison | None) -> Html:
    """How a finding compares with the baseline."""
    said = say_comparison(comparison)
    return element("p", write_prose(f"{said[:1].upper()}{said[1:]}."), class_="note") if said else Html("")


@lru_cache(maxsize=KEPT)
def _write_title(level: str, title: str) -> Html:
    return element("h4", badge(level, LEVELS[level]), " ", title)


def _say_note(outcome: Outcome) -> str:
    told = outcome.outcome != "waived" and not outcome.effect
    return f"Would {outcome.would_be}: {outcome.note}" if outcome.would_be and not told else f"Note: {outcome.note}"


def _write_reasons(outcome: Outcome, context: ReportContext) -> Html:
    alternatives = find_alternatives(context.policies.get(outcome.policy))
    rows = [_list_cells(reason, alternative=reason.required_at in alternatives) for reason in outcome.because]
    return table("What decided", ("Fact", "Required", "Found", "Where from"), rows, class_="reasons")


def _list_cells(reason: Reason, *, alternative: bool) -> tuple[str, ...]:
    wanted = say_wanted(reason, alternative=alternative).partition(": ")[2]
    found = code(reason.actual) if reason.actual is not None else element("em", "not known")
    known = reason.actual is not None
    return (
        code(reason.field),
        f"one way: {wanted}" if alternative else wanted,
        join((found, " ", _write_result(reason.result))) if known else found,
        _say_origin(reason) if known else "nowhere",
    )


@lru_cache(maxsize=8)
def _write_result(result: str) -> Html:
    return element("span", RESULTS[result], class_=f"result {result}")


def _say_origin(reason: Reason) -> Html:
    place = reason.location
    source = reason.source if not place or reason.source != place.file else ""
    said = ": ".join(filter(None, (reason.origin, source)))
    return join((write(said), " " if place else "", write_place(place)))


def _has_remedy(finding: Finding, context: ReportContext) -> bool:
    """An unknown outcome has one where saying nothing is itself what the policy objects to."""
    outcome = finding.outcome
    if finding.level == APPROVED:
        return False
    policy = context.policies.get(outcome.policy)
    asks = outcome.outcome == "unknown" and policy is not None and policy.on_unknown == "same"
    return (outcome.outcome in ("fail", "waived") or asks) and bool(outcome.fix or outcome.instead)


@lru_cache(maxsize=KEPT)
def _write_remedy(fix: str, instead: tuple[str, ...]) -> Html:
    """It is the policy's, the same for every project that fails it."""
    approaches = join([code(approach) for approach in instead], ", ")
    return terms((("What to do", write_prose(fix)), ("Approaches instead", approaches)), class_="remedy")


def write_contradictions(decision: Decision) -> Html:
    """The claims that evidence speaks against."""
    if not decision.contradictions:
        return Html("")
    rows = [
        (
            code(found.field),
            *_say_sides(found),
            join((found.source or "the evidence", f" ({said})" if (said := say_comparison(comparison)) else "")),
        )
        for found, comparison in list_contradictions(decision)
    ]
    return element(
        "section",
        element("h4", "Contradictions"),
        element("p", "Of what is claimed here, one side is wrong. Policies were judged on the stronger evidence."),
        table("Claims that contradict each other", ("Fact", "Claimed", "Against it", "Told by"), rows),
        class_="contradictions",
    )


def _say_sides(found: ContradictionNote) -> tuple[Html, Html]:
    sides = ((found.declared, found.declared_at), (found.observed, found.observed_at))
    weak, strong = (join((code(value), " " if place else "", write_place(place))) for value, place in sides)
    return weak, strong
