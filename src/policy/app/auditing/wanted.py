"""What is in scope, by projects, teams and policies."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.app.auditing.period import bound_period
from policy.app.auditing.policy_sets import find_framework_policies
from policy.app.auditing.recorded import MARKS, wants_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from policy.app.auditing.requests import Request
    from policy.model.audit import Scope
    from policy.model.policy import PolicySet

    Owner = tuple[str, str]

NOBODY = ("", "")


class Wanted:
    """The filters of a scope, by the owners of projects as far as they are known: `teams` grows while it is read."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.bounds = bound_period(scope.period)
        self.teams: dict[str, Owner] = {}

    def wants_project(self, project: str) -> bool:
        """Whether a project is in scope, whose owner is known if it has one."""
        return wants_name(project, self.scope.projects) and self.wants_team(self.find_owner(project))

    def wants_team(self, owner: Owner) -> bool:
        """Whether what an owner has is in scope."""
        return not self.scope.teams or owner[0] in self.scope.teams

    def find_owner(self, project: str) -> Owner:
        """Team and person; empty where they are not known."""
        return self.teams.get(project, NOBODY)

    def find_policies(self, sets: Iterable[PolicySet]) -> set[str] | None:
        """The policies in scope; None for all."""
        wanted = set(self.scope.policies) or None
        if self.scope.frameworks:
            named = find_framework_policies(sets, self.scope.frameworks)
            wanted = named if wanted is None else wanted & named
        return wanted

    def make_wants(self, policies: Collection[str] | None) -> Callable[[str, str], bool]:
        """Whether a waiver or request of a policy, for projects of a pattern, is in scope."""
        known = {project for project in self.teams if self.wants_project(project)}
        if not self.scope.teams:
            # Something may have been asked for where nothing was decided in the period.
            known.update(name for name in self.scope.projects if not MARKS & set(name))
        everywhere = not self.scope.projects and not self.scope.teams

        def wants(policy: str, subject: str) -> bool:
            if policies is not None and policy not in policies:
                return False
            if everywhere or (not self.scope.teams and wants_name(subject, self.scope.projects)):
                return True
            return any(fnmatchcase(project, subject) for project in known)

        return wants

    def is_current(self, request: Request) -> bool:
        """Whether anything of it is in the period: it was open, or decided then."""
        over = request.decided or str(request.said.get("expires") or "")
        return not over or over >= self.bounds.first
