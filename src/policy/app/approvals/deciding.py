"""Held decisions of a run: judged again with what was approved, or asked for in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import Location, PolicyError, Problem
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.approval import Approval
    from policy.model.decision import Decision
    from policy.model.facts import Facts
    from policy.model.ledger_settings import LedgerSettings
    from policy.records.ledger import Ledger
    from policy.records.requests.asking import Asked
    from policy.records.requests.standing import Override


class Decider:
    """Looks approvals up for one process; the ledger is opened with the first decision that is held.

    Without `asks` nobody is asked for any, and there may be no ledger yet. `passed` are decisions, as they are without
    approvals, of what passes by some.
    """

    def __init__(
        self, workspace: Workspace, settings: LedgerSettings, now: datetime, home: str | None, *, asks: bool = True
    ) -> None:
        self.asks = asks
        self.workspace = workspace
        self.settings = settings
        self.now = now
        self.home = home
        self.passed: list[Decision] = []
        self._ledger: Ledger | None = None

    def decide(
        self, facts: Facts, judge: Callable[[tuple[Approval, ...]], Decision], problems: dict[Problem, Any]
    ) -> Decision:
        """The decision with what was approved of it; who is waited for is added to the `problems`.

        Where the ledger cannot be asked, nothing is approved: what is held stays held.
        """
        decision = judge(())
        if not decision.stake:
            return decision
        from datetime import UTC, datetime

        from policy.app.approvals.holding import is_approved_since, settle_held
        from policy.app.approvals.identity import identify_user
        from policy.records.faults import LedgerError

        # Who says that it is yesterday does not bring back what has ended; what has ended by then the judge tells.
        now = max(self.now, datetime.now(UTC))
        try:
            if not self.asks:
                return self._look_up(decision, judge, now)
            first = decision
            decision, asked = settle_held(
                self._open(),
                self.workspace,
                facts,
                first,
                judge,
                requester=identify_user(),
                now=now,
                # An approver who checks what somebody asked for does not ask for it.
                insists=False,
            )
            if decision is not first:
                self.passed.append(first)
            if decision.verdict not in ("hold", "block"):
                problems.update(dict.fromkeys(self._list_broken(decision, now)))
            elif asked is None and is_approved_since(self._open(), self.workspace.policy_set, decision, now):
                problems[say_later(decision)] = None
            elif asked is not None:
                problems[say_waiting(decision, asked, self._find_no(decision))] = None
        except PolicyError as error:
            if not self.asks and isinstance(error, LedgerError) and error.kind == "absent":
                # Nobody has recorded anything yet.
                return decision
            problems.update(dict.fromkeys(problem._replace(level="warning") for problem in error.problems))
        return decision

    def _find_no(self, decision: Decision) -> str:
        """Who said no to the same before; empty where nobody did."""
        from policy.app.approvals.rejections import find_last_no, say_no

        found = find_last_no(self._open(), self.workspace.policy_set, decision)
        return say_no(found) if found is not None else ""

    def count(self, run: str) -> bool:
        """Count a run on each approval that lets something pass; False where one covers no more. Raises PolicyError."""
        from datetime import UTC, datetime

        from policy.app.approvals.holding import find_approvals

        now, policy_set = datetime.now(UTC), self.workspace.policy_set
        try:
            return all(find_approvals(self._open(), policy_set, one, now=now, run=run) for one in self.passed)
        finally:
            self.close()

    def _look_up(
        self, decision: Decision, judge: Callable[[tuple[Approval, ...]], Decision], now: datetime
    ) -> Decision:
        from policy.app.approvals.approved import note_approved
        from policy.app.approvals.holding import find_grants

        grants = find_grants(self._open(), self.workspace.policy_set, decision, now=now)
        if not grants:
            return decision
        return note_approved(judge(tuple(grant.approval for grant in grants)), grants)

    def _list_broken(self, decision: Decision, now: datetime) -> Iterator[Problem]:
        """What every report says of a decision that passes because somebody broke the glass."""
        from policy.app.approvals.secrecy import redact_document
        from policy.records.requests.standing import list_grants, list_overrides

        project = redact_document(decision.subject.project)
        grants = list_grants(self._open(), project, decision.gate, decision.stake, now)
        broken = {grant.request for grant in grants if grant.overridden}
        for one in list_overrides(self._open()) if broken else ():
            if one.request in broken:
                yield say_broken(decision, one)

    def _open(self) -> Ledger:
        if self._ledger is None:
            from policy.app.ledgers.proposed import refuse_proposed
            from policy.app.recording.writing import find_folder
            from policy.records.ledger import open_ledger

            folder = find_folder(self.workspace, self.settings, self.home)
            refuse_proposed(self.workspace, self.settings.url, folder)
            self._ledger = open_ledger(self.settings.url, folder=folder, create=self.asks)
        return self._ledger

    def close(self) -> None:
        """Let go of the ledger."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def say_broken(decision: Decision, override: Override) -> Problem:
    """That a project passes because one person let it, who, why, until when, and whether somebody looked at it."""
    subject = decision.subject
    file = subject.training_config or subject.manifest
    why = f"{override.by} BROKE THE GLASS until {override.ends} (`{override.request}`): {override.reason}"
    message = f"{quote_name(subject.project)} passes the gate {decision.gate} because {why}"
    remedy = f"have somebody else review it, `policy approvals review {override.request} --finding …`"
    if override.reviewed is not None:
        remedy = f"{override.reviewer} has reviewed it: {override.reviewed}"
    return Problem(message, remedy, Location(file) if file else None, level="warning")


def say_later(decision: Decision) -> Problem:
    """That an approval is there which was given after the time by which a project is judged."""
    subject = decision.subject
    file = subject.training_config or subject.manifest
    message = f"{quote_name(subject.project)} was approved at the gate {decision.gate} only after {decision.time}"
    remedy = "check it again as at now: leave `--effective-time` out"
    return Problem(message, remedy, Location(file) if file else None, level="warning")


def say_waiting(decision: Decision, asked: Asked, rejected: str = "") -> Problem:
    """That a project waits for somebody, where to see for whom, and who said no before."""
    subject, request = decision.subject, asked.row.id
    file = subject.training_config or subject.manifest
    message = f"{quote_name(subject.project)} waits for an approval at the gate {decision.gate}: request `{request}`"
    if rejected:
        message += f"; {rejected}"
    remedy = f"`policy approvals show {request}` says what is asked, and who can decide"
    return Problem(message, remedy, Location(file) if file else None, level="warning")
