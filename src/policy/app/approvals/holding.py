"""A held decision: what was approved of it, or the request for somebody who approves it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.approved import note_approved
from policy.app.approvals.contributors import list_contributors
from policy.app.approvals.documents import DOCUMENT
from policy.app.approvals.secrecy import redact_document
from policy.app.approvals.stakes import rebuild_stake
from policy.app.recording.redaction import redact_facts
from policy.model.approval_settings import DEFAULT_APPROVALS, find_terms
from policy.records.requests.asking import APPROVAL, Question, ask
from policy.records.requests.confirming import ANYBODY, User
from policy.records.requests.refusals import TooLateError
from policy.records.requests.standing import list_grants
from policy.records.requests.using import use
from policy.reports.json_report import outcome_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.approval import Approval
    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.model.decision import Decision, Outcome
    from policy.model.facts import Facts
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked
    from policy.records.requests.standing import Grant

SECONDS: Final = len("2026-12-31T12:00:00")


def find_settings(policy_set: PolicySet) -> ApprovalSettings:
    """What a policy set says of approvals, or what holds where it says nothing."""
    return policy_set.approvals or DEFAULT_APPROVALS


def list_holding(policy_set: PolicySet, decision: Decision) -> list[Outcome]:
    """The outcomes that wait for an approval: those that hold, and those of policies that ask for one by themselves."""
    asking = {policy.id for policy in policy_set.policies if any(path.startswith("approval.") for path in policy.paths)}
    return [
        outcome
        for outcome in decision.outcomes
        if outcome.effect == "hold" or (outcome.effect == "block" and outcome.policy in asking)
    ]


def needs_approval(policy_set: PolicySet, decision: Decision) -> bool:
    """Whether an approval would let it pass: nothing else blocks."""
    holding = list_holding(policy_set, decision)
    return bool(decision.stake and holding) and all(
        outcome.effect != "block" or outcome in holding for outcome in decision.outcomes
    )


def find_decision_terms(policy_set: PolicySet, decision: Decision) -> Terms:
    """What votes a held decision needs."""
    policies = [outcome.policy for outcome in list_holding(policy_set, decision)]
    return find_terms(find_settings(policy_set), policies, decision.gate, decision.subject.project)


def find_approvals(
    ledger: Ledger, policy_set: PolicySet, decision: Decision, *, now: datetime, run: str = "", user: User = ANYBODY
) -> tuple[Approval, ...]:
    """What counts for a decision that was judged without approvals; judge again with these.

    Votes are counted by the policy set that judges. With the id of a `run` it is counted on an approval, once, for each
    covers so many: one that has none left for it does not count. Nor does what was approved after the time by which it
    was judged.
    """
    grants = find_grants(ledger, policy_set, decision, now=now, run=run, user=user)
    return tuple(grant.approval for grant in grants)


def find_grants(
    ledger: Ledger, policy_set: PolicySet, decision: Decision, *, now: datetime, run: str = "", user: User = ANYBODY
) -> tuple[Grant, ...]:
    """The same, with the requests behind it."""
    if not needs_approval(policy_set, decision):
        return ()
    grants = [one for one in _list_grants(ledger, policy_set, decision, now, run, user) if not _is_later(one, decision)]
    if not run:
        return tuple(grants)
    for request in dict.fromkeys(grant.request for grant in grants):
        # Another run may have taken the last one meanwhile.
        with suppress(TooLateError):
            use(ledger, request, run, now=now)
            return tuple(grant for grant in grants if grant.request == request)
    return ()


def is_approved_since(ledger: Ledger, policy_set: PolicySet, decision: Decision, now: datetime) -> bool:
    """Whether somebody has approved it after the time by which it was judged: then nobody needs to be asked."""
    found = _list_grants(ledger, policy_set, decision, now) if needs_approval(policy_set, decision) else []
    return any(_is_later(one, decision) for one in found)


def _list_grants(
    ledger: Ledger, policy_set: PolicySet, decision: Decision, now: datetime, run: str = "", user: User = ANYBODY
) -> list[Grant]:
    settings, terms = find_settings(policy_set), find_decision_terms(policy_set, decision)
    project, gate = redact_document(decision.subject.project), decision.gate
    return list_grants(ledger, project, gate, decision.stake, now, terms=terms, settings=settings, run=run, user=user)


def _is_later(grant: Grant, decision: Decision) -> bool:
    # Decisions have whole seconds.
    return grant.decided[:SECONDS] > decision.time[:SECONDS]


def ask_for_approval(
    ledger: Ledger,
    policy_set: PolicySet,
    decision: Decision,
    facts: Facts,
    *,
    requester: str,
    contributors: tuple[str, ...],
    owners: tuple[str, ...] = (),
    runs: int | None = None,
    now: datetime | None = None,
    insists: bool = True,
) -> Asked:
    """Open the request of a held decision, or join it; `runs` is for how many, and no more than the rules allow."""
    terms = find_decision_terms(policy_set, decision)
    return ask(
        ledger,
        Question(
            kind=APPROVAL,
            project=redact_document(decision.subject.project),
            gate=decision.gate,
            stake=decision.stake,
            subject=redact_document(decision.subject.training_config or ""),
            document=redact_document(build_document(policy_set, decision)),
            staked=rebuild_stake(policy_set, redact_facts(facts).facts, decision),
            policy_set=decision.policy_set,
            requester=requester,
            contributors=contributors,
            owners=owners,
            lasts=find_settings(policy_set).request_lasts,
            runs=min((count for count in (runs, terms.runs) if count is not None), default=None),
            insists=insists,
        ),
        now=now,
    )


def judge_with_approvals(
    ledger: Ledger,
    workspace: Workspace,
    facts: Facts,
    judge: Callable[[tuple[Approval, ...]], Decision],
    *,
    requester: str,
    now: datetime,
    runs: int | None = None,
    run: str = "",
) -> tuple[Decision, Asked | None]:
    """The decision about a subject with what was approved of it, and the request where somebody still has to.

    `judge` gives the decision for some approvals, on these facts and as it is recorded. `run` as for `find_approvals`.
    """
    return settle_held(ledger, workspace, facts, judge(()), judge, requester=requester, now=now, runs=runs, run=run)


def settle_held(
    ledger: Ledger,
    workspace: Workspace,
    facts: Facts,
    decision: Decision,
    judge: Callable[[tuple[Approval, ...]], Decision],
    *,
    requester: str,
    now: datetime,
    runs: int | None = None,
    run: str = "",
    insists: bool = True,
    contributors: tuple[str, ...] | None = None,
    owners: tuple[str, ...] = (),
    user: User = ANYBODY,
) -> tuple[Decision, Asked | None]:
    """As `judge_with_approvals`, for a decision that was made without any; `insists` as in a Question.

    `owners` are those whom who asks only names.

    Without `contributors` they are looked for in the workspace's history.
    """
    policy_set = workspace.policy_set
    if not needs_approval(policy_set, decision):
        return decision, None
    grants = find_grants(ledger, policy_set, decision, now=now, run=run, user=user)
    if grants:
        return note_approved(judge(tuple(grant.approval for grant in grants)), grants), None
    if not insists and is_approved_since(ledger, policy_set, decision, now):
        return decision, None
    if contributors is None:
        contributors = list_contributors(workspace.root, facts)
    asked = ask_for_approval(
        ledger,
        policy_set,
        decision,
        facts,
        requester=requester,
        contributors=contributors,
        owners=owners,
        runs=runs,
        insists=insists,
    )
    return decision, asked


def build_document(policy_set: PolicySet, decision: Decision) -> dict[str, Any]:
    """What approvers read: which policies hold, why, and what else did not pass."""
    holding = [outcome.policy for outcome in list_holding(policy_set, decision)]
    titles = {policy.id: policy.title for policy in policy_set.policies}
    shown = [outcome for outcome in decision.outcomes if outcome.outcome in ("fail", "unknown", "error", "waived")]
    return {
        "format": DOCUMENT,
        "kind": APPROVAL,
        "subject": decision.subject._asdict(),
        "decision": decision.id,
        "policy_set": decision.policy_set,
        "subject_digest": decision.subject_digest,
        "evidence": decision.evidence,
        "holding": holding,
        "outcomes": [{**outcome_document(outcome), "title": titles.get(outcome.policy, "")} for outcome in shown],
    }
