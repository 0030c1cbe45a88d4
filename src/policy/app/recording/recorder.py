"""What recording needs where decisions are made: whether they are recorded, and what of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.recording.judging import judge_for_record
from policy.app.recording.records import Record, make_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policy.app.recording.judging import Basis
    from policy.model.approval import Approval
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.model.proposal import PoliciesFrom
    from policy.model.waiver import Waiver


class Recorder:
    """Judges for the record; `take` gives the records of what was judged since it was last asked."""

    def __init__(self, policy_set: PolicySet, gate: str, now: datetime, source: PoliciesFrom | None = None) -> None:
        self.policy_set = policy_set
        self.gate = gate
        self.now = now
        self.source = source
        self._bases: dict[str, Basis] = {}
        self._records: list[Record] = []

    def judge(self, facts: Facts, waivers: Sequence[Waiver] = (), approvals: Sequence[Approval] = ()) -> Decision:
        """The decision about a subject; `note` is told when it is finished."""
        decision, basis = judge_for_record(
            self.policy_set, facts, gate=self.gate, now=self.now, waivers=waivers, approvals=approvals
        )
        self._bases[decision.id] = basis
        return decision

    def note(self, decision: Decision) -> None:
        """Record a decision, with what was added to it since it was judged."""
        basis = self._bases.pop(decision.id)
        self._records.append(make_record(decision, basis, self.now, self.source))

    def take(self) -> list[Record]:
        """The records so far; they are this side's no more."""
        taken, self._records = self._records, []
        # What was judged again with an approval is no decision that takes effect.
        self._bases.clear()
        return taken
