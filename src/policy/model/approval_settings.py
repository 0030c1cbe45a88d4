"""What a policy set says of approvals: roles, which votes a hold needs, how long things last, and breaking glass."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from policy.model.person import is_any, is_member
from policy.structs import NamedTuple, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from policy.errors import Location

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
REQUEST_LASTS: Final = 14 * _DAY
APPROVAL_LASTS: Final = 30 * _DAY
OVERRIDE_LASTS: Final = 4 * _HOUR
NOBODY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


class ApprovalRule(Record):
    """Holds of these policies at these gates for these projects (globs; empty is all) need votes of these roles.

    Without roles anybody may vote. `lasts` is how long an approval holds, in milliseconds; `runs` for how many runs.
    """

    policies: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    quorum: int = 1
    lasts: int | None = None
    runs: int | None = None
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})

    def covers(self, policies: Collection[str], gate: str, project: str) -> bool:
        """Whether it concerns a hold."""
        return (
            (not self.policies or any(policy in self.policies for policy in policies))
            and (not self.gates or gate in self.gates)
            and (not self.projects or any(fnmatchcase(project, glob) for glob in self.projects))
        )


class ApprovalSettings(Record):
    """Lengths are in milliseconds. `people` says by which other names somebody is known.

    Nobody may break the glass where `override_roles` are none. `places` are where layers say what: `roles.leads`.
    """

    roles: Mapping[str, tuple[str, ...]] = NOBODY
    people: Mapping[str, tuple[str, ...]] = NOBODY
    rules: tuple[ApprovalRule, ...] = ()
    request_lasts: int = REQUEST_LASTS
    approval_lasts: int = APPROVAL_LASTS
    override_roles: tuple[str, ...] = ()
    override_lasts: int = OVERRIDE_LASTS
    places: Mapping[str, Location] = MappingProxyType({})
    _uncompared: ClassVar = frozenset({"places"})

    def list_members(self, roles: Sequence[str]) -> tuple[str, ...]:
        """Everybody in any of the roles."""
        return tuple(dict.fromkeys(name for role in roles for name in self.roles.get(role, ())))


DEFAULT_APPROVALS: Final = ApprovalSettings()


class Need(NamedTuple):
    """So many votes of these people; of anybody where `members` is None. `said` names them in messages."""

    members: tuple[str, ...] | None
    quorum: int
    said: str

    def admits(self, name: str, settings: ApprovalSettings) -> bool:
        """Whether the vote of somebody counts for it."""
        return self.members is None or is_member(name, self.members, settings.people)


ANYBODY: Final = Need(None, 1, "anybody but who asked and who contributed")


class Terms(NamedTuple):
    """What a hold needs: all of `needs`; and how long the approval then lasts, for how many runs (None: any)."""

    needs: tuple[Need, ...]
    lasts: int
    runs: int | None

    def admits(self, name: str, settings: ApprovalSettings) -> bool:
        """Whether somebody may vote at all."""
        return any(need.admits(name, settings) for need in self.needs)

    def list_open(self, names: Sequence[str], settings: ApprovalSettings) -> list[tuple[Need, int]]:
        """The needs that the votes of these people do not meet, and how many votes each still lacks."""
        counted = [(need, need.quorum - _count(need, names, settings)) for need in self.needs]
        return [(need, lacking) for need, lacking in counted if lacking > 0]


def _count(need: Need, names: Sequence[str], settings: ApprovalSettings) -> int:
    """How many people voted; one under two names is one."""
    seen: list[str] = []
    for name in names:
        if need.admits(name, settings) and not is_any(name, seen, settings.people):
            seen.append(name)
    return len(seen)


def find_terms(settings: ApprovalSettings, policies: Collection[str], gate: str, project: str) -> Terms:
    """What a hold by these policies needs: every rule that concerns it, and without one a vote of anybody."""
    rules = [rule for rule in settings.rules if rule.covers(policies, gate, project)]
    needs = tuple(dict.fromkeys(_make_need(rule, settings) for rule in rules)) or (ANYBODY,)
    lasts = min((rule.lasts for rule in rules if rule.lasts is not None), default=settings.approval_lasts)
    runs = min((rule.runs for rule in rules if rule.runs is not None), default=None)
    return Terms(needs, min(lasts, settings.approval_lasts), runs)


def _make_need(rule: ApprovalRule, settings: ApprovalSettings) -> Need:
    if not rule.roles:
        return ANYBODY._replace(quorum=rule.quorum)
    return Need(settings.list_members(rule.roles), rule.quorum, " or ".join(rule.roles))
