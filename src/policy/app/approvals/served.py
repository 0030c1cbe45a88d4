"""Requests as a server shows them and lets people act on them: by the policy set that judges what each is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.app.approvals.desk import cast_vote
from policy.app.approvals.holding import find_settings
from policy.app.approvals.secrecy import refuse_secrets
from policy.app.approvals.viewing import list_current_delegations, view_request, view_requests
from policy.model.approval import fold_name
from policy.model.person import SYSTEM
from policy.records.requests import closing, overriding
from policy.records.requests.desk import open_session, refuse_unknown
from policy.records.requests.queries import find_row
from policy.records.requests.refusals import refuse
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.approvals.viewing import RequestView
    from policy.app.runs.panel import Judge, Panel
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Delegation, Row

SHOWN: Final = 100
ALL: Final = "all"


class Filter(NamedTuple):
    """Which requests are meant; empty is any. `state` is `all`, one that requests have, or empty: what waits."""

    state: str = ""
    project: str = ""
    gate: str = ""
    kind: str = ""
    after: str = ""
    limit: int = SHOWN


class Counter(NamedTuple):
    """Where somebody whom the server has authenticated stands: its policy sets, its ledger, and who that is."""

    panel: Panel
    ledger: Ledger
    person: str

    def list_requests(self, wanted: Filter) -> tuple[list[RequestView], bool]:
        """Some requests in the order in which they were asked, and whether there are more."""
        main = self.panel.main.workspace.policy_set
        views = view_requests(self.ledger, main, everything=bool(wanted.state), project=wanted.project or None)
        begin = self._find(wanted.after).seq if wanted.after else 0
        found = [view for view in views if view.row.seq > begin and fits(view, wanted)]
        return [self._judge_again(view) for view in found[: wanted.limit]], len(found) > wanted.limit

    def list_delegations(self) -> list[Delegation]:
        """Who votes for whom."""
        return list_current_delegations(self.ledger)

    def show(self, request: str) -> RequestView:
        """One request. Raises PolicyError."""
        return view_request(self.ledger, self._find_policy_set(request), request)

    def vote(self, request: str, answer: str, reason: str) -> None:
        """Say yes or no. Raises PolicyError."""
        check_person(self.person, answer)
        policy_set, reason = self._find_policy_set(request), refuse_secrets(reason, "reason")
        cast_vote(self.ledger, policy_set, request, answer, name=self.person, reason=reason)

    def withdraw(self, request: str, reason: str) -> None:
        """Take back what one asked for. Raises PolicyError."""
        settings, reason = find_settings(self._find_policy_set(request)), refuse_secrets(reason, "reason")
        closing.withdraw(self.ledger, request, self.person, reason, settings)

    def comment(self, request: str, text: str) -> None:
        """Say something that decides nothing. Raises PolicyError."""
        closing.comment(self.ledger, request, self.person, refuse_secrets(text, "comment"))

    def break_glass(self, request: str, reason: str, lasts: int | None) -> None:
        """Let it pass alone, for so many milliseconds at most. Raises PolicyError."""
        check_person(self.person, "override")
        settings, reason = find_settings(self._find_policy_set(request)), refuse_secrets(reason, "reason")
        overriding.break_glass(self.ledger, request, self.person, reason, settings, lasts=lasts)

    def review(self, request: str, finding: str) -> None:
        """Say what came of broken glass. Raises PolicyError."""
        check_person(self.person, "review")
        settings, finding = find_settings(self._find_policy_set(request)), refuse_secrets(finding, "finding")
        overriding.review(self.ledger, request, self.person, finding, settings)

    def _find(self, request: str) -> Row:
        with open_session(self.ledger) as session:
            row = find_row(session, request)
        if row is None:
            raise refuse_unknown(request)
        return row

    def _find_policy_set(self, request: str) -> PolicySet:
        return find_judge(self.panel, self._find(request)).workspace.policy_set

    def _judge_again(self, view: RequestView) -> RequestView:
        judge = find_judge(self.panel, view.row)
        if judge is self.panel.main:
            return view
        return view_request(self.ledger, judge.workspace.policy_set, view.row.id)


def fits(view: RequestView, wanted: Filter) -> bool:
    """Whether a request is one of those that are meant."""
    pairs = ((wanted.gate, view.row.gate), (wanted.kind, view.row.kind))
    return wanted.state in ("", ALL, view.state) and all(said in ("", found) for said, found in pairs)


def check_person(person: str, act: str) -> None:
    """Raises RefusedError for who is called as only an operating system calls somebody: they have the role."""
    if fold_name(person).removeprefix("@").startswith(SYSTEM):
        remedy = "have the server's administrator give you another user name"
        raise refuse(f"a user of the server whose name begins with `{SYSTEM}` cannot {act} anything", remedy)


def find_judge(panel: Panel, row: Row) -> Judge:
    """By whose rules a request is decided: who held it; once that has changed, who judges its project's runs now."""
    judges = [panel.find(binding) for binding in panel.settings.bindings if binding.takes(row.project)]
    judges += [panel.main, *panel.teams.values()]
    return next((judge for judge in judges if judge.digest == row.policy_set), judges[0])
