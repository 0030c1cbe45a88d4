"""`judge`: the one place where a decision is made."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from policy.engine.approving import approval_facts, digest_stake, is_approved
from policy.engine.plan import Action, Plan, Step, make_plan
from policy.engine.recording import Judged, record_decision
from policy.errors import Location
from policy.language.interpreter import evaluate, make_scope
from policy.model.decision import Decision, Outcome
from policy.model.gates import hardest_verdict
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from policy.model.approval import Approval
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.waiver import Waiver


def judge(
    policy_set: PolicySet,
    facts: Facts,
    *,
    gate: str,
    now: datetime,
    waivers: Sequence[Waiver] = (),
    approvals: Sequence[Approval] = (),
) -> Decision:
    """The decision of a policy set about one subject at a gate. Pure: same inputs, same decision, byte for byte.

    `waivers` and `approvals` are those that count; whether they may is settled before. Raises ValueError for a
    `now` without a time zone.
    """
    if now.tzinfo is None:
        raise ValueError("the time of judging needs a time zone")
    plan = make_plan(policy_set, gate)
    now = now.astimezone(UTC)
    facts = facts.on(now.date(), policy_set.tables)
    hearing = Hearing(plan, facts, gate, now, now.date(), tuple(waivers), tuple(approvals))
    outcomes, verdict, stake = hearing.settle(Judgement)
    made = Judged(plan, facts, gate, now, hearing.waivers, hearing.approvals, outcomes, verdict, stake)
    return record_decision(made)


class Hearing(NamedTuple):
    """One subject before the policies of a gate: everything that its outcomes rest on."""

    plan: Plan
    facts: Facts
    gate: str
    now: datetime
    today: date
    waivers: tuple[Waiver, ...]
    approvals: tuple[Approval, ...]

    def settle(self, kind: type[Judgement]) -> tuple[tuple[Outcome, ...], str, str]:
        """The outcomes in the plan's order, the verdict, and the digest of what is at stake where that is asked."""
        plan, gate, approvals = self.plan, self.gate, self.approvals
        asking = [step for step in plan.steps if step.reads_approval]
        judgement = kind(plan, self.facts, self.today, self.waivers)
        outcomes = {step.policy.id: judgement.judge_step(step) for step in plan.steps if not step.reads_approval}
        # Without any approval first: what is at stake is the same before and after somebody approves it.
        outcomes |= self._judge_asking(kind, asking, (), "")
        stake = ""
        # Policies that read the approval may hold, too, and can be met only by an approval of this stake.
        asks = asking or any(outcome.effect == "hold" for outcome in outcomes.values())
        if approvals or (asks and kind.tells_stake):
            stake = digest_stake(plan.steps, outcomes, self.facts, gate)
        if approvals:
            outcomes |= self._judge_asking(kind, asking, approvals, stake)
        ordered = tuple(outcomes[step.policy.id] for step in plan.steps)
        # A policy that has seen the approval and holds all the same is not met by it.
        lifts = is_approved(approvals, gate, stake, self.now)
        effects = [
            None if lifts and outcome.effect == "hold" and not step.reads_approval else outcome.effect
            for step, outcome in zip(plan.steps, ordered, strict=True)
        ]
        return ordered, hardest_verdict(effects), stake

    def _judge_asking(
        self, kind: type[Judgement], steps: Sequence[Step], approvals: Sequence[Approval], stake: str
    ) -> dict[str, Outcome]:
        """What the policies say that read the approval."""
        if not steps:
            return {}
        facts = self.facts.with_claims(approval_facts(approvals, self.gate, stake, self.now))
        judgement = kind(self.plan, facts, self.today, self.waivers)
        return {step.policy.id: judgement.judge_step(step) for step in steps}


class Judgement:
    """Judges the steps of a plan on one subject's facts."""

    tells_stake = True

    def __init__(self, plan: Plan, facts: Facts, today: date, waivers: Sequence[Waiver]) -> None:
        self.judges = plan.judges
        self.facts = facts
        self.today = today
        self.waivers = waivers
        self.undeclared = facts.values.get("manifest.present") is False

    def judge_step(self, step: Step) -> Outcome:
        """What one policy says."""
        if self.facts.faults:
            fault = next(
                (self.facts.faults[path] for path in sorted(step.policy.paths) if path in self.facts.faults),
                None,
            )
            if fault is not None:
                return self._err(step, fault)
        try:
            result = self.judges.judge(step.position, self.facts, self.today)
            if result == "pass":
                return step.passed
            if result == "not-applicable":
                return step.waiting if step.unset and self._may_apply(step) else step.not_applicable
            return self._explain(step, result)
        except Exception as error:  # noqa: BLE001 - a policy that errs is an outcome, never a crash
            return self._err(step, f"it could not be judged: {type(error).__name__}: {error}")

    def _may_apply(self, step: Step) -> bool:
        """Whether a policy that waits for parameters is meant for this subject, or may be."""
        params = {**dict.fromkeys(step.unset), **step.explainer.params}
        return evaluate(step.policy.when, make_scope(step.policy, params, self.facts, self.today)) is not False

    def _err(self, step: Step, message: str) -> Outcome:
        action = step.on_error
        return Outcome(
            policy=step.policy.id,
            outcome="error",
            severity=step.policy.severity,
            effect=action.effect,
            would_be=action.would_be,
            message=message,
            location=locate_subject(self.facts),
            note=action.note,
        )

    def _explain(self, step: Step, result: str) -> Outcome:
        """What a failure or an unknown outcome does, and why it is one."""
        explanation = step.explainer.explain(self.facts, self.today)
        location = next((reason.location for reason in explanation.reasons if reason.location), None)
        return self.act(step, result)._replace(
            message=explanation.message,
            instead=step.policy.instead,
            fix=step.fix,
            location=location or locate_subject(self.facts),
            because=explanation.reasons,
            missing=explanation.missing,
            values=explanation.values,
        )

    def act(self, step: Step, result: str) -> Outcome:
        """What a failure or an unknown outcome does, without the reasons."""
        policy = step.policy
        action = step.act(result, self.today)
        waiver = next((w for w in self.waivers if w.covers(policy.id, self.facts.subject.project, self.today)), None)
        if result == "unknown" and self.undeclared:
            action = Action(None, None, "nothing is asked of a subject without a manifest beyond what was observed")
        if waiver is not None:
            action = Action(
                None,
                step.base_effects[result],
                f"waived until {waiver.expires}; without the waiver: {result}",
            )
        return Outcome(
            policy=policy.id,
            outcome="waived" if waiver is not None else result,
            severity=policy.severity,
            effect=action.effect,
            would_be=action.would_be,
            note=action.note,
        )


def locate_subject(facts: Facts) -> Location | None:
    """The first line of the file that the subject is known by."""
    file = facts.subject.manifest or facts.subject.training_config
    return Location(file) if file else None
