"""A waiver as a file states it, who may approve it, and how far its approval can be shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from policy.model.waiver import Waiver
from policy.structs import NamedTuple, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from policy.errors import Location

DEFAULT: Final = "default"
LONGEST_DAYS: Final = 90
WARNING_DAYS: Final = 14
NOWHERE: Final[Mapping[str, Location]] = MappingProxyType({})
# In the order of how far they are from counting; a waiver counts in the first two.
STATES: Final = ("active", "expiring", "pending", "refused", "expired")


class WaiverEntry(Record):
    """One waiver, asked for or approved. `layer` is the policy set's file that lists its file, `places` its keys'.

    `request` is the one by which it was granted in a ledger, empty for a waiver of a file. Two entries that say the
    same are equal, wherever they stand.
    """

    policy: str
    subject: str
    reason: str
    owner: str
    requested_by: str
    expires: date
    id: str = ""
    ticket: str = ""
    compensating_control: str = ""
    requested_on: date | None = None
    approved_by: str = ""
    approved_on: date | None = None
    request: str = ""
    layer: str = ""
    location: Location | None = None
    places: Mapping[str, Location] = NOWHERE
    _uncompared: ClassVar = frozenset({"layer", "location", "places"})

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.id or f"{self.policy} for {self.subject}"

    @property
    def waiver(self) -> Waiver:
        """The waiver that judging knows."""
        return Waiver(
            self.policy, self.subject, self.reason, self.expires, self.owner, self.ticket, approved_by=self.approved_by
        )


class WaiverRules(Record):
    """Who may waive what, for how long, by one file of a policy set; None is not said, and lengths are in days."""

    approvers: Mapping[str, tuple[str, ...]] | None = None
    longest: int | None = None
    warn_before: int | None = None
    protected: frozenset[str] = frozenset()
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})

    def approvers_of(self, policy: str) -> tuple[str, ...] | None:
        """Who may approve a waiver of the policy; its own list takes the place of the default one."""
        if self.approvers is None:
            return None
        return self.approvers.get(policy, self.approvers.get(DEFAULT, ()))


class TrustSettings(NamedTuple):
    """Which revision a policy set trusts, and whether code owners must guard what approves waivers."""

    revision: str = ""
    code_owners: bool = False
    location: Location | None = None


class Waiving(NamedTuple):
    """All that a policy set says of waivers, its layers from the base up.

    `files` are pairs of a layer's file and a waiver file that it lists. `layers` maps each layer's file to what it
    extends, `finals` a final policy to the files that made it final, each without the others, and `bases` each
    layer's file to all that it builds on. `bundles` are the folders of bundles, by what the names of their files begin
    with.
    """

    entries: tuple[WaiverEntry, ...] = ()
    rules: tuple[WaiverRules, ...] = ()
    trusted: TrustSettings | None = None
    files: tuple[tuple[str, str], ...] = ()
    layers: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    finals: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    bases: Mapping[str, frozenset[str]] = MappingProxyType({})
    bundles: Mapping[str, str] = MappingProxyType({})


class Doubt(NamedTuple):
    """Why a waiver does not count, what to do about it, and the key of the entry that it is about."""

    why: str
    remedy: str
    key: str = ""


class Trust(NamedTuple):
    """What the trusted revision holds: entries by waiver file, rules and final policies, and why a file shows nothing.

    With `doubt` nothing can be shown at all.
    """

    revision: str = ""
    entries: Mapping[str, frozenset[WaiverEntry]] = MappingProxyType({})
    rules: tuple[WaiverRules, ...] = ()
    finals: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    doubts: Mapping[str, Doubt] = MappingProxyType({})
    doubt: Doubt | None = None


class Standing(NamedTuple):
    """How a waiver stands: its state (one of STATES), why it does not count, and how long it still holds.

    `used` is None until a run has shown whether it covers anything, and stays None where none could.
    """

    entry: WaiverEntry
    state: str
    doubts: tuple[Doubt, ...] = ()
    days_left: int = 0
    used: bool | None = None

    @property
    def counts(self) -> bool:
        """Whether it takes the effect of an outcome away."""
        return self.state in STATES[:2]
