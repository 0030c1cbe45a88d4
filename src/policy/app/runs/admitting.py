"""Whether a run may begin, or go on: judged by the policy set that its experiment is bound to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.app.approvals.asking import list_waivers
from policy.app.approvals.contributors import list_owners
from policy.app.approvals.holding import find_approvals, settle_held
from policy.app.approvals.rejections import find_last_no, say_no
from policy.app.recording.judging import judge_for_record
from policy.app.runs.attempt import ADMITTED, HELD, REFUSED, TRAINING, Admission
from policy.app.runs.attesting import find_attested
from policy.app.runs.deciders import list_involved
from policy.app.runs.facts import build_facts
from policy.app.runs.panel import RUN
from policy.app.runs.precedents import Precedent
from policy.app.runs.sent import decode_sent
from policy.app.runs.texts import (
    say_foreign,
    say_held,
    say_refused,
    say_undeclared,
    say_unknown_manifest,
    say_unread,
    say_unwelcome,
)
from policy.errors import PolicyError
from policy.model.gates import cap_effect, hardest_verdict
from policy.records.requests.confirming import User
from policy.records.runs.principals import identify_principal
from policy.records.runs.uploads import get_upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.app.recording.judging import Basis
    from policy.app.runs.attempt import Attempt
    from policy.app.runs.panel import Judge, Panel
    from policy.app.runs.sent import Sent
    from policy.model.approval import Approval
    from policy.model.decision import Decision
    from policy.model.fact import Fact
    from policy.model.facts import Facts
    from policy.model.mlflow_settings import Binding
    from policy.model.schema import Schema
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked

NOBODY: Final = "anonymous"
"""Who asks where the server authenticates nobody."""

STATES: Final = {"allow": ADMITTED, "flag": ADMITTED, "hold": HELD, "block": REFUSED}


class Hearing:
    """One attempt before the policy set that judges it, at a moment and a gate."""

    def __init__(self, panel: Panel, ledger: Ledger, binding: Binding, gate: str, now: datetime) -> None:
        self.panel = panel
        self.ledger = ledger
        self.binding = binding
        self.gate = gate
        self.now = now
        self.judge: Judge = panel.find(binding)
        self._bases: dict[str, Basis] = {}

    def admit(self, attempt: Attempt, *, asks: bool = True) -> Admission:
        """What comes of an attempt; where it is held somebody is asked, unless nobody shall be. Raises PolicyError."""
        # Whoever releases need not be one of those who train.
        if self.gate == RUN and not self.binding.admits(attempt.principal):
            return self._refuse(attempt, "principal", say_unwelcome(attempt, self.binding))
        sent = None
        if attempt.manifest:
            body = get_upload(self.ledger, attempt.manifest, None)
            if body is None:
                return self._refuse(attempt, "manifest", say_unknown_manifest(attempt))
            try:
                sent = read_sent(body, self.judge.workspace.policy_set.schema)
            except PolicyError as error:
                return self._refuse(attempt, "form", say_unread(attempt, error))
            if not self.binding.takes(sent.project):
                text = say_foreign(attempt, self.binding, sent.project)
                return self._refuse(attempt, "project", text, sent.project)
        return self._decide(attempt, sent, asks=asks)

    def _refuse(self, attempt: Attempt, reason: str, text: str, project: str = "") -> Admission:
        """What no policy needs to be asked for; a mode that only watches lets it pass here, too."""
        verdict = self._cap("block")
        return Admission(attempt, self.binding, STATES[verdict], verdict, text, project, reason=reason)

    def _cap(self, verdict: str) -> str:
        """What is left of a verdict in the mode of the experiment."""
        effect = verdict if verdict in ("flag", "hold", "block") else None
        capped = cap_effect(effect, self.binding.mode or "enforce") if effect else None
        return capped or "allow"

    def _decide(self, attempt: Attempt, sent: Sent | None, *, asks: bool) -> Admission:
        workspace = self.judge.workspace
        project = sent.project if sent is not None else attempt.experiment_name
        attested = self._find_attested(sent)
        waivers = list_waivers(self.ledger, workspace, project, self.gate, self.now)
        case = None if waivers or attempt.logged else self._name_case(attempt, project, attested)
        known = self.panel.precedents.find(case, self.now) if case is not None else None
        if known is not None:
            return self._conclude(attempt, known, None, declared=sent is not None, asks=asks)
        facts = build_facts(workspace, attempt, sent, attested, self.now.date())

        def judge(approvals: tuple[Approval, ...]) -> Decision:
            decision, basis = judge_for_record(
                workspace.policy_set, facts, gate=self.gate, now=self.now, waivers=waivers, approvals=approvals
            )
            self._bases[decision.id] = basis
            return decision

        decision, asked = judge(()), None
        if decision.verdict in ("hold", "block") and self._cap(decision.verdict) in ("hold", "block"):
            decision, asked = self._settle(attempt, facts, decision, judge, asks=asks)
        made = Precedent(decision, self._bases[decision.id], self.now)
        if case is not None and decision.verdict in ("allow", "flag") and not made.basis.approvals:
            self.panel.precedents.keep(case, made)
        owners = list_owners(facts)
        return self._conclude(attempt, made, asked, declared=sent is not None, asks=asks, involved=owners)

    def _settle(
        self,
        attempt: Attempt,
        facts: Facts,
        decision: Decision,
        judge: Callable[[tuple[Approval, ...]], Decision],
        *,
        asks: bool,
    ) -> tuple[Decision, Asked | None]:
        """The decision with what was approved, and the request for what was not, where somebody shall be asked."""
        # Whoever releases what others train may have approved it.
        owners, workspace = list_owners(facts), self.judge.workspace
        user = User(attempt.principal if self.gate == RUN else "", owners)
        if not asks:
            approvals = find_approvals(self.ledger, workspace.policy_set, decision, now=self.now, user=user)
            return (judge(approvals) if approvals else decision), None
        return settle_held(
            self.ledger,
            workspace,
            facts,
            decision,
            judge,
            requester=attempt.principal,
            now=self.now,
            run=attempt.run,
            contributors=(),
            owners=owners,
            user=user,
        )

    def _name_case(self, attempt: Attempt, project: str, attested: tuple[Fact, ...]) -> tuple[str, ...]:
        """All that a decision depends on where nothing is waived and nothing was logged, but for the time."""
        source = attested[0].source if attested else ""
        return self.judge.digest, self.gate, project, attempt.manifest, attempt.activity, source

    def _find_attested(self, sent: Sent | None) -> tuple[Fact, ...]:
        attesters = self.panel.settings.attesters
        if sent is None or not attesters:
            return ()
        return find_attested(self.ledger, self.judge.workspace.policy_set.schema, sent.project, sent.claims, attesters)

    def _conclude(
        self,
        attempt: Attempt,
        precedent: Precedent,
        asked: Asked | None,
        *,
        declared: bool,
        asks: bool,
        involved: tuple[str, ...] = (),
    ) -> Admission:
        decision = precedent.decision
        verdict, project = decision.verdict, decision.subject.project
        undeclared = not declared and attempt.activity == TRAINING
        if undeclared:
            gate = self.judge.workspace.policy_set.gate(self.gate)
            effect = cap_effect(self.panel.settings.without_manifest, gate.mode)
            verdict = hardest_verdict([verdict, effect])
        verdict = self._cap(verdict)
        draft = None
        if not precedent.recorded:
            actor = identify_principal(self.ledger, attempt.principal) or None
            draft = self.judge.make_draft(decision, precedent.basis, self.now, actor)
        state = STATES[verdict]
        text = ""
        if undeclared and state != ADMITTED:
            state, text = REFUSED, say_undeclared(attempt, decision)
        elif state != ADMITTED:
            policy_set = self.judge.workspace.policy_set
            people = (*involved, *list_involved(self.ledger, asked))
            if state == HELD and (asked is not None or not asks):
                text = say_held(attempt, decision, policy_set, asked, people)
            else:
                state, text = REFUSED, say_refused(attempt, decision, policy_set, asked, people)
            rejected = find_last_no(self.ledger, policy_set, decision)
            if rejected is not None:
                text = f"{text}\n{say_no(rejected)}"
        return Admission(attempt, self.binding, state, verdict, text, project, decision, draft, asked, precedent)


@lru_cache(maxsize=256)
def read_sent(body: bytes, schema: Schema) -> Sent:
    """What a client has sent; it was held to its form when it came in. Raises PolicyError."""
    return decode_sent(body, schema)
