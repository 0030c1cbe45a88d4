"""What judges the policies of a plan: the interpreter at first, compiled functions where there is much to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.interpreter import judge_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from policy.language.compiler import Judge
    from policy.model.facts import Facts
    from policy.model.policy import Policy

# To compile a policy costs as much as to walk its tree so many times; a single check is over before that.
WALKS = 40


class Judges:
    """Judges policies by their position; both ways give the same outcomes, so only speed depends on the past."""

    def __init__(self, policies: Sequence[tuple[Policy, Mapping[str, Any]]]) -> None:
        self._policies = policies
        self._walks_left = WALKS * len(policies)
        self._compiled: list[Judge] | None = None

    def judge(self, position: int, facts: Facts, today: date) -> str:
        """The outcome of one policy: pass, fail, unknown or not-applicable."""
        policy, params = self._policies[position]
        if self._compiled is None:
            if self._walks_left > 0:
                self._walks_left -= 1
                return judge_policy(policy, params, facts, today)
            from policy.language.compiler import compile_policies  # most runs never come here

            self._compiled = compile_policies(self._policies)
        proven = facts.proven_values if policy.observed else {}
        return self._compiled[position](facts.values, proven, facts.unavailable, today)
