"""Whether a run may begin while the ledger is down: by what the server has of it, without anything that is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.contributors import list_owners
from policy.app.approvals.holding import needs_approval
from policy.app.recording.judging import judge_for_record
from policy.app.runs.admitting import STATES, read_sent
from policy.app.runs.attempt import ADMITTED, REFUSED, Admission
from policy.app.runs.facts import build_facts
from policy.app.runs.glass import find_bar
from policy.app.runs.panel import RUN
from policy.app.runs.precedents import Precedent
from policy.app.runs.texts import list_failed, say_foreign, say_outcomes, say_unwelcome
from policy.app.waivers.in_force import Waivers
from policy.model.approval import Approval
from policy.model.gates import cap_effect
from policy.source.display import quote_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.recording.judging import Basis
    from policy.app.runs.attempt import Attempt
    from policy.app.runs.glass import Glass
    from policy.app.runs.panel import Judge, Panel
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.mlflow_settings import Binding
    from policy.model.waiver import Waiver


class Offline(NamedTuple):
    """A hearing without the ledger, at a moment; the `decision` is that without any approval.

    It is None where no policy was asked. `owners` are whom the manifest names.
    """

    admission: Admission
    decision: Decision | None = None
    owners: tuple[str, ...] = ()


def hear_offline(
    panel: Panel, binding: Binding, attempt: Attempt, body: bytes, now: datetime, glass: Glass | None = None
) -> Offline:
    """What comes of an attempt at a run of this manifest; what is held passes by broken `glass`. Raises PolicyError.

    What the ledger would add counts for nothing: granted waivers, approvals, and what a CI has attested.
    """
    judge = panel.find(binding)
    policy_set = judge.workspace.policy_set
    sent = read_sent(body, policy_set.schema)
    if not binding.admits(attempt.principal):
        return Offline(_conclude(binding, attempt, "block", say_unwelcome(attempt, binding)))
    if not binding.takes(sent.project):
        return Offline(_conclude(binding, attempt, "block", say_foreign(attempt, binding, sent.project)))
    facts = build_facts(judge.workspace, attempt, sent, (), now.date())
    waivers = _list_waivers(judge, sent.project, now)
    owners = list_owners(facts)
    first, basis = _decide(judge, facts, waivers, now, ())
    decision = first
    if glass is not None and needs_approval(policy_set, first) and not find_bar(glass, judge, owners):
        approval = Approval(glass.person, attempt.principal, RUN, first.stake, glass.ends)
        decision, basis = _decide(judge, facts, waivers, now, (approval,))
    draft = judge.make_draft(decision, basis, now, None)
    admission = _conclude(binding, attempt, decision.verdict, _say_stopped(decision))
    precedent = Precedent(decision, basis, now)
    admission = admission._replace(project=sent.project, decision=decision, draft=draft, precedent=precedent)
    return Offline(admission, first, owners)


def _decide(
    judge: Judge, facts: Facts, waivers: tuple[Waiver, ...], now: datetime, approvals: tuple[Approval, ...]
) -> tuple[Decision, Basis]:
    policy_set = judge.workspace.policy_set
    return judge_for_record(policy_set, facts, gate=RUN, now=now, waivers=waivers, approvals=approvals)


def _say_stopped(decision: Decision) -> str:
    head = f"the run is refused (project {quote_name(decision.subject.project)}, decision {decision.id}):"
    return "\n".join((head, *say_outcomes(list_failed(decision))))


def _list_waivers(judge: Judge, project: str, now: datetime) -> tuple[Waiver, ...]:
    """Those of files."""
    if judge.workspace.policy_set.waiving is None:
        return ()
    return Waivers(judge.workspace, gate=RUN, now=now, trusted=None).select(project)


def _conclude(binding: Binding, attempt: Attempt, verdict: str, text: str) -> Admission:
    """What a verdict comes to in the mode of the experiment; nobody can be asked, so that what is held is refused."""
    capped = (cap_effect(verdict, binding.mode or "enforce") if verdict != "allow" else None) or "allow"
    state = ADMITTED if STATES[capped] == ADMITTED else REFUSED
    return Admission(attempt, binding, state, capped, "" if state == ADMITTED else text)
