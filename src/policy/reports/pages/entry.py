"""A policy as it is in force, with what its page and the index show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.policy import Policy
    from policy.model.schema import Schema
    from policy.reports.pages.examples import Example

MARK = "<!-- Written by `policy docs`: change the policy, not this page. -->"
# What acts at a gate, for a reader who never saw one.
GATE_ABOUT = {
    "check": "in a terminal",
    "commit": "before a commit",
    "ci": "in continuous integration",
    "run": "before a training run",
    "release": "before a release",
}
EFFECTS_ABOUT = (
    "*block* stops it; *hold* stops it until somebody approves; *flag* reports it and lets it pass; "
    "*advise* is a hint in the report."
)


class GateEffect(NamedTuple):
    """What an outcome does at a gate: its effect, the one that was kept back, and why."""

    effect: str | None
    would_be: str | None = None
    note: str = ""


class PolicyEntry(NamedTuple):
    """A policy as it is in force, and what its page shows beside it.

    `effects` holds, for each gate, what a failure and what an unknown outcome does; None where the gate does not
    judge it. `file` is where the policy stands, `link` its path from the page, or nothing where none leads there.
    Before the day `starts` it flags at most; what is `final` no later layer of the policy set may loosen.
    """

    policy: Policy
    params: Mapping[str, Any]
    effects: Mapping[str, tuple[GateEffect, GateEffect] | None]
    schema: Schema
    examples: Mapping[str, Example]
    file: str
    link: str = ""
    starts: str = ""
    final: bool = False


def say_effect(effect: GateEffect) -> str:
    """An effect in a table's cell."""
    shown = effect.effect or "nothing"
    return f"{shown} instead of {effect.would_be}" if effect.would_be else shown
