"""What was not assessed, by the fact that is missing: who needs it, and what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from policy.model.decision import Decision, NotAssessed, Outcome


class Gap(NamedTuple):
    """A missing fact, the policies that need it, and how to supply it."""

    fact: str
    policies: tuple[str, ...]
    settle: str


class Unassessed(NamedTuple):
    """The gaps of a decision, most wanted first, and the parameters that have no value."""

    gaps: tuple[Gap, ...]
    parameters: tuple[str, ...]
    policies: int


def find_gaps(decision: Decision) -> Unassessed:
    """What a decision lacks."""
    needed: dict[str, list[str]] = {}
    settled: dict[str, str] = {}
    parameters: list[str] = []
    for item in decision.not_assessed:
        if item.missing and all(name.startswith(f"{item.policy}.") for name in item.missing):
            parameters.extend(item.missing)
            continue
        for fact, clause in zip(item.missing, split_settling(item), strict=True):
            needed.setdefault(fact, []).append(item.policy)
            settled.setdefault(fact, clause)
    order = sorted(needed, key=lambda fact: (-len(needed[fact]), fact))
    gaps = tuple(Gap(fact, tuple(sorted(needed[fact])), settled[fact]) for fact in order)
    return Unassessed(gaps, tuple(sorted(parameters)), len(decision.not_assessed))


def split_settling(item: NotAssessed) -> list[str]:
    """What would settle each of the missing facts: the text says it fact by fact, in their order."""
    clauses, rest = [], item.settle
    for number, fact in enumerate(item.missing):
        following = item.missing[number + 1 :]
        end = min((place for name in following if (place := _find_clause(rest, name)) >= 0), default=len(rest))
        clauses.append(rest[:end].removesuffix("; "))
        rest = rest[end:]
        if not clauses[-1].startswith((f"state {fact} ", f"{fact} ")):
            # A text of another making: the whole of it speaks of every fact.
            return [item.settle] * len(item.missing)
    return clauses


def _find_clause(text: str, fact: str) -> int:
    places = (text.find(f"; state {fact} "), text.find(f"; {fact} "))
    found = [place + 2 for place in places if place >= 0]
    return min(found, default=-1)


def say_effect(outcome: Outcome) -> str:
    """What it does that a policy was not assessed: `flag`, `would hold`, `waived`; nothing where nothing does."""
    if outcome.outcome == "waived":
        return "waived"
    return outcome.effect or (f"would {outcome.would_be}" if outcome.would_be else "")
