"""What a decision rests on: every outcome, the digests, and the command that judges the same again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.reports.findings import is_shown
from policy.reports.html.markup import KEPT, Html, code, element, terms
from policy.reports.html.words import OUTCOMES, say_time

if TYPE_CHECKING:
    from policy.model.decision import Decision
    from policy.reports.reporter import ReportContext


def write_record(decision: Decision, context: ReportContext) -> Html:
    """Closed on a screen, for few readers need it; open in print."""
    found = _list_outcomes(decision)
    listed = [(shown, ", ".join(found.get(word, ()))) for word, shown in OUTCOMES.items()]
    return element(
        "details",
        element("summary", "Every outcome, and what this decision rests on"),
        terms([*listed, *_list_digests(decision, context)], class_="record"),
    )


def _list_outcomes(decision: Decision) -> dict[str, list[str]]:
    """The policies by outcome, each with why, where that is not told further up."""
    found: dict[str, list[str]] = {}
    for outcome in decision.outcomes:
        told = not outcome.note or is_shown(outcome)
        found.setdefault(outcome.outcome, []).append(outcome.policy if told else f"{outcome.policy} ({outcome.note})")
    return found


def link_policy(policy: str, context: ReportContext) -> Html:
    """The id of a policy, leading to what the page says of it."""
    return _link(policy) if policy in context.policies else code(policy)


@lru_cache(maxsize=KEPT)
def _link(policy: str) -> Html:
    return element("a", code(policy), href=f"#p-{policy}")


def _list_digests(decision: Decision, context: ReportContext) -> list[tuple[str, str]]:
    return [
        ("Decision id", code(decision.id)),
        ("Basis", code(decision.basis)),
        ("Policy set", code(decision.policy_set)),
        ("What is declared", code(decision.subject_digest)),
        ("Evidence", code(decision.evidence)),
        ("Waivers", code(decision.waivers)),
        ("Approvals", code(decision.approvals)),
        ("Dated tables", code(decision.tables)),
        ("What an approval binds to", code(decision.stake) if decision.stake else ""),
        ("Judged by", decision.engine),
        ("Gate and mode", f"{decision.gate}, {decision.mode}"),
        ("Time", say_time(decision.time)),
        ("To judge it again", code(say_command(decision, context))),
    ]


def say_command(decision: Decision, context: ReportContext) -> str:
    """What judges the same again, from the root of what was judged."""
    from shlex import quote

    subject = decision.subject
    file = subject.training_config or subject.manifest or "."
    # A file that is called like an option would be read as one.
    path = quote(f"./{file}" if file.startswith("-") else file)
    policies = f" --config {quote(context.config)}" if context.config else ""
    if context.policies_from is not None:
        # By its commit, for a branch moves on.
        policies = f" --policies-from {quote(context.policies_from.commit)}"
    return f"policy check {path} --gate {decision.gate} --effective-time {decision.time}{policies} --output json"
