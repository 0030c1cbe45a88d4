"""What was not assessed, by the fact that is missing: who needs it, and what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.decision import Decision, Outcome


class Gap(NamedTuple):
    """A missing fact, the policies that need it, and how to supply it."""

    fact: str
    policies: tuple[str, ...]
    settle: str

    @property
    def stated(self) -> bool:
        """Whether the manifest can state it."""
        return self.settle.startswith(f"state {self.fact} in the manifest")

    @property
    def supply(self) -> str:
        """How to supply it, below a heading that tells what to do with those that are `stated`."""
        known = f"state {self.fact} in the manifest: " if self.stated else f"{self.fact} "
        return self.settle.removeprefix(known)


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
        for fact, clause in zip(item.missing, item.settling, strict=False):
            needed.setdefault(fact, []).append(item.policy)
            settled.setdefault(fact, clause)
    order = sorted(needed, key=lambda fact: (-len(needed[fact]), fact))
    gaps = tuple(Gap(fact, tuple(sorted(needed[fact])), settled[fact]) for fact in order)
    return Unassessed(gaps, tuple(sorted(parameters)), len(decision.not_assessed))


def name_unassessed(decision: Decision) -> list[str]:
    """The policies that were not assessed, but for those that could not be judged because something broke."""
    errors = {outcome.policy for outcome in decision.outcomes if outcome.outcome == "error"}
    return [item.policy for item in decision.not_assessed if item.policy not in errors]


def say_effect(outcome: Outcome) -> str:
    """What it does that a policy was not assessed: `flag`, `would hold`, `waived`; nothing where nothing does."""
    if outcome.outcome == "waived":
        return "waived"
    return outcome.effect or (f"would {outcome.would_be}" if outcome.would_be else "")
