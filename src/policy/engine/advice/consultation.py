"""Every policy asked about a project under every approach, whatever gate it is judged at."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.engine.advice.ladder import LADDER, judged_as
from policy.engine.advice.supposition import suppose
from policy.engine.approving import approval_facts
from policy.engine.judge import Judgement, judge
from policy.engine.plan import make_plan
from policy.model.gates import EFFECTS, GATES
from policy.model.policy import PolicySet
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from policy.model.decision import Decision, Outcome
    from policy.model.facts import Facts
    from policy.model.policy import Policy

GATE: Final = "check"
JUDGED: Final = tuple(dict.fromkeys(judged_as(approach) for approach in LADDER))


class Consultation(NamedTuple):
    """What the policies say under each approach, and those whose outcome depends on it: only these tell apart.

    By approach `supposed` holds the facts, `outcomes` what every policy says of them, by id. `effects` says what a
    failure of a telling policy does. `decisions` are there where everything was judged anew.
    """

    supposed: Mapping[str, Facts]
    outcomes: Mapping[str, Mapping[str, Outcome]]
    telling: tuple[Policy, ...]
    effects: Mapping[str, str]
    decisions: Mapping[str, Decision] = {}


class Panel(NamedTuple):
    """Who is asked, and when; `complete` adds to facts what follows from them elsewhere, such as expressions."""

    policy_set: PolicySet
    now: datetime
    complete: Callable[[Facts], Facts]

    def consult(self, facts: Facts) -> Consultation:
        """Judge the project as if it took each approach in turn."""
        supposed = self._suppose(facts)
        asked = make_advising_set(self.policy_set)
        decisions = {name: judge(asked, known, gate=GATE, now=self.now) for name, known in supposed.items()}
        outcomes = {
            name: {outcome.policy: outcome for outcome in decision.outcomes} for name, decision in decisions.items()
        }
        return gather(asked, supposed, outcomes)._replace(decisions=decisions)

    def reconsult(self, facts: Facts, before: Consultation) -> Consultation:
        """The same of other facts about the project: only policies that read what is different judge again."""
        supposed = self._suppose(facts)
        outcomes = {
            name: {**before.outcomes[name], **self._judge_again(known, list_changed(before.supposed[name], known))}
            for name, known in supposed.items()
        }
        return gather(make_advising_set(self.policy_set), supposed, outcomes)

    def _judge_again(self, facts: Facts, changed: set[str]) -> dict[str, Outcome]:
        plan, now = make_plan(make_advising_set(self.policy_set), GATE), self.now.astimezone(UTC)
        # Whether there is a manifest decides for all what an unknown outcome does.
        everybody = "manifest.present" in changed
        steps = [step for step in plan.steps if everybody or not changed.isdisjoint(step.policy.paths)]
        if any(step.reads_approval for step in steps):
            # Nobody approved anything: that is known, whatever is at stake, and read by these policies alone.
            facts = facts.with_claims(approval_facts((), GATE, "", now))
        judgement = Judgement(plan, facts, now.date(), ())
        return {step.policy.id: judgement.judge_step(step) for step in steps}

    def _suppose(self, facts: Facts) -> dict[str, Facts]:
        today, tables = self.now.astimezone(UTC).date(), self.policy_set.tables
        return {approach: self.complete(suppose(facts, approach)).on(today, tables) for approach in JUDGED}


def gather(
    asked: PolicySet, supposed: Mapping[str, Facts], outcomes: Mapping[str, Mapping[str, Outcome]]
) -> Consultation:
    """What was said under each approach, with those policies picked out that tell approaches apart."""
    telling = [policy for policy in asked.policies if len({said[policy.id].outcome for said in outcomes.values()}) > 1]
    # By id, so that the order in which files were found changes nothing.
    telling.sort(key=lambda policy: policy.id)
    return Consultation(supposed, outcomes, tuple(telling), {item.id: asked.effects[item.id][GATE] for item in telling})


def list_changed(before: Facts, after: Facts) -> set[str]:
    """The facts that differ, are proven in one of the two only, or could not be had in one of them."""
    changed: set[str] = set()
    sides = (before.judged, after.judged), (before.proven, after.proven), (before.faults, after.faults)
    for old, new in sides:
        changed.update(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return changed


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
