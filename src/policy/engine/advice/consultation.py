"""Every policy asked about a project under every approach, whatever gate it is judged at."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.engine.advice.ladder import LADDER, judged_as
from policy.engine.advice.supposition import suppose
from policy.engine.judge import judge
from policy.model.gates import EFFECTS, GATES
from policy.model.policy import PolicySet
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.policy import Policy

GATE: Final = "check"
JUDGED: Final = tuple(dict.fromkeys(judged_as(approach) for approach in LADDER))


class Consultation(NamedTuple):
    """What the policies say under each approach, and those whose outcome depends on it: only these tell apart.

    `words` holds the outcome of every policy by approach and id; `effects` what a failure of a telling policy does.
    """

    decisions: Mapping[str, Decision]
    words: Mapping[str, Mapping[str, str]]
    telling: tuple[Policy, ...]
    effects: Mapping[str, str]


class Panel(NamedTuple):
    """Who is asked, and when; `complete` adds to facts what follows from them elsewhere, such as expressions."""

    policy_set: PolicySet
    now: datetime
    complete: Callable[[Facts], Facts]

    def consult(self, facts: Facts) -> Consultation:
        """Judge the project as if it took each approach in turn."""
        asked = make_advising_set(self.policy_set)
        supposed = {approach: self.complete(suppose(facts, approach)) for approach in JUDGED}
        decisions = {name: judge(asked, known, gate=GATE, now=self.now) for name, known in supposed.items()}
        words = {
            name: {outcome.policy: outcome.outcome for outcome in decision.outcomes}
            for name, decision in decisions.items()
        }
        telling = [policy for policy in asked.policies if len({told[policy.id] for told in words.values()}) > 1]
        # By id, so that the order in which files were found changes nothing.
        telling.sort(key=lambda policy: policy.id)
        return Consultation(
            decisions, words, tuple(telling), {item.id: asked.effects[item.id][GATE] for item in telling}
        )


@lru_cache(maxsize=8)
def make_advising_set(policy_set: PolicySet) -> PolicySet:
    """The policy set with every policy at its hardest, at one gate, and without waivers.

    Modes and dates are how a set is rolled out, and what a policy says of an approach does not wait for that.
    """
    effects = {policy.id: effect for policy in policy_set.policies if (effect := find_hardest(policy_set, policy))}
    kept = {name: getattr(policy_set, name) for name in PolicySet._fields}
    changed = {
        "policies": tuple(policy for policy in policy_set.policies if policy.id in effects),
        "effects": {name: {GATE: effect} for name, effect in effects.items()},
        "gates": {},
        "modes": {},
        "starts": {},
        # With a ledger a hold stays what it is.
        "has_ledger": True,
    }
    return PolicySet(**{**kept, **changed})


def find_hardest(policy_set: PolicySet, policy: Policy) -> str | None:
    """The hardest effect of a policy at any gate; None where it has nothing to say of an approach.

    One that is judged at the release only asks for what is made on the way there, and cannot be there yet; it has a
    say where it names what to do instead.
    """
    if is_late(policy_set, policy) and not policy.instead:
        return None
    effects = [effect for gate in GATES if (effect := policy_set.effect_of(policy, gate))]
    return max(effects, key=EFFECTS.index, default=None)


def is_late(policy_set: PolicySet, policy: Policy) -> bool:
    """Whether a policy is judged at no gate before the release."""
    return not any(policy_set.effect_of(policy, gate) for gate in GATES if gate != "release")
