"""The waivers of a period: what was recorded with decisions, what policy sets list, and how each stands at its end."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from policy.model.audit import Exemption
from policy.model.waiver_entry import WARNING_DAYS
from policy.reports.layout import count_noun, join_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policy.model.waiver import Waiver
    from policy.model.waiver_entry import WaiverEntry

Key = tuple[str, str, str]
NAMED: Final = 5
STATES: Final = ("expired", "expiring", "active")


class Exemptions:
    """Waivers by policy, projects and end; of one that is known from several places, all that any of them says."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._known: dict[Key, dict[str, str]] = {}
        self._counted: set[Key] = set()
        # How many results are told with several waivers each, by policy and end; and the projects of these.
        self._shared: dict[tuple[str, str], tuple[int, set[str]]] = {}

    def add_recorded(self, waivers: Iterable[Waiver]) -> None:
        """Waivers that counted in some decision."""
        for waiver in waivers:
            key = (waiver.policy, waiver.subject, waiver.expires.isoformat())
            said = {"owner": waiver.owner, "reason": waiver.reason, "ticket": waiver.ticket}
            self._merge(key, {**said, "approved_by": waiver.approved_by})
            self._counted.add(key)

    def add_listed(self, entries: Iterable[WaiverEntry]) -> None:
        """Waivers that a policy set lists, whether or not they count."""
        for entry in entries:
            key = (entry.policy, entry.subject, entry.expires.isoformat())
            said = {"owner": entry.owner, "reason": entry.reason, "ticket": entry.ticket}
            more = {"approved_by": entry.approved_by, "control": entry.compensating_control}
            self._merge(key, {**said, **more})

    def add_granted(self, said: Mapping[str, object], approved_by: str) -> None:
        """A waiver that was granted by way of the ledger, as its request has it, and by whom."""
        key = (str(said.get("policy")), str(said.get("subject")), str(said.get("expires")))
        names = {"owner": "owner", "reason": "reason", "ticket": "ticket", "compensating_control": "control"}
        self._merge(key, {ours: str(said.get(theirs) or "") for theirs, ours in names.items()})
        # Who had the right, as decisions have it, may have delegated it: the entries say who used it.
        self._known[key]["approved_by"] = approved_by

    def _merge(self, key: Key, said: Mapping[str, str]) -> None:
        known = self._known.setdefault(key, {})
        for name, text in said.items():
            known[name] = known.get(name) or text

    def list_exemptions(
        self, waived: Mapping[Key, list[int]], wants: Callable[[str, str], bool]
    ) -> tuple[Exemption, ...]:
        """Every waiver in scope, which `wants` tells of its policy and projects.

        `waived` counts results by policy, end and project.
        """
        subjects: dict[tuple[str, str], list[str]] = defaultdict(list)
        for policy, subject, ends in self._known:
            subjects[policy, ends].append(subject)
        counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for (policy, ends, project), (failures, unknowns) in waived.items():
            # Where nothing names the waiver any more, its decision does.
            patterns = [one for one in subjects[policy, ends] if fnmatchcase(project, one)] or [project]
            if len(patterns) > 1 and any(wants(policy, pattern) for pattern in patterns):
                count, shared = self._shared.get((policy, ends), (0, set()))
                self._shared[policy, ends] = count + failures + unknowns, shared | set(patterns)
            for pattern in patterns:
                self._known.setdefault((policy, pattern, ends), {})
                counts[policy, pattern, ends][0] += failures
                counts[policy, pattern, ends][1] += unknowns
        made = [self._make(key, *counts[key]) for key in self._known if wants(key[0], key[1])]
        return tuple(sorted(made, key=lambda one: (STATES.index(one.state), one.expires, one.policy, one.subject)))

    def list_shared(self) -> Iterator[str]:
        """What is told with several waivers, for no decision says with which it was; known once all are listed."""
        for (policy, ends), (count, patterns) in sorted(self._shared.items()):
            named = join_names([f"`{pattern}`" for pattern in sorted(patterns)], NAMED)
            results = count_noun(count, "waived result")
            yield (
                f"{results} of `{policy}` told with each of the waivers until {ends} that fit the project, for {named}:"
                " the numbers of these waivers add up to more"
            )

    def _make(self, key: Key, failures: int, unknowns: int) -> Exemption:
        policy, subject, expires = key
        said = self._known[key]
        return Exemption(
            policy=policy,
            subject=subject,
            state=self._find_state(expires),
            owner=said.get("owner", ""),
            reason=said.get("reason", ""),
            control=said.get("control", ""),
            approved_by=said.get("approved_by", ""),
            expires=expires,
            ticket=said.get("ticket", ""),
            failures=failures,
            unknowns=unknowns,
            counted=key in self._counted or bool(failures or unknowns),
        )

    def _find_state(self, expires: str) -> str:
        try:
            left = (date.fromisoformat(expires) - self.today).days
        except ValueError:
            return "expired"
        return "expired" if left < 0 else "expiring" if left <= WARNING_DAYS else "active"
