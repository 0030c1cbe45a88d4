"""`judge_verdict`: what `judge` decides, without reasons and digests; for many subjects of which only that is asked."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from policy.engine.judge import Hearing, Judgement
from policy.engine.plan import make_plan
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from policy.engine.plan import Step
    from policy.model.approval import Approval
    from policy.model.decision import Outcome
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.waiver import Waiver


class Ruling(NamedTuple):
    """A verdict, and what each policy does, in the order of the decision; nothing says why."""

    verdict: str
    outcomes: tuple[Outcome, ...]


def judge_verdict(
    policy_set: PolicySet,
    facts: Facts,
    *,
    gate: str,
    now: datetime,
    waivers: Sequence[Waiver] = (),
    approvals: Sequence[Approval] = (),
    today: date | None = None,
) -> Ruling:
    """The verdict and outcomes that `judge` gives; `today` stands for the day of `now`.

    Raises ValueError for a `now` without a time zone.
    """
    if now.tzinfo is None:
        raise ValueError("the time of judging needs a time zone")
    now = now.astimezone(UTC)
    day = now.date() if today is None else today
    hearing = Hearing(
        make_plan(policy_set, gate),
        facts.on(day, policy_set.tables),
        gate,
        now,
        day,
        tuple(waivers),
        tuple(approvals),
    )
    outcomes, verdict, _ = hearing.settle(BareJudgement)
    return Ruling(verdict, outcomes)


class BareJudgement(Judgement):
    """Says what each policy does, and not why."""

    tells_stake = False

    def _explain(self, step: Step, result: str) -> Outcome:
        return self.act(step, result)
