"""What judging recorded decisions again by another policy set gives: decisions, projects, policies, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from policy.model.decision import Subject
    from policy.model.set_changes import Responsible, VerdictCounts

# What becomes of a project, by the hardest of its changes; in the order in which they are told.
BLOCKED, HELD, FLAGGED, FREED, SAME = FATES = ("blocked", "held", "flagged", "freed", "same")


class Owner(NamedTuple):
    """Who answers for a project, by the recorded facts; empty where these do not say."""

    team: str = ""
    contact: str = ""


class Previewed(NamedTuple):
    """A recorded decision that comes out otherwise, with the policies whose effects make the new verdict."""

    id: str
    entry: int
    time: str
    gate: str
    subject: Subject
    owner: Owner
    old: str
    new: str
    policies: tuple[str, ...]


class Standing(NamedTuple):
    """One subject at one gate: its latest decision, and how many of its decisions become harder or milder.

    `policies` are those that come out otherwise in the latest one; None where its record is not there any more.
    """

    latest: Previewed
    judged: int
    harder: int
    milder: int
    policies: tuple[Responsible, ...] | None = ()


class ProjectPreview(NamedTuple):
    """What becomes of a project, of its latest decisions at every gate the hardest change."""

    project: str
    fate: str
    owner: Owner
    standings: tuple[Standing, ...]


class Tally(NamedTuple):
    """How often a policy has which outcome, does what, and would do what that a mode, a day or a gate keeps back."""

    outcomes: Counter[str]
    acts: Counter[str]
    kept: Counter[str]


class PolicyPreview(NamedTuple):
    """What a policy of the new set does to the decisions that it judges, and to the latest ones of the projects.

    Before the day `starts` it acts with a flag at most. `newly` counts the decisions that get a harder verdict by what
    it does. `concerned` are, by effect, the projects of which a latest decision meets it, or would if nothing kept it
    back; `owners` are theirs, and how many of them each has. `missing` are facts that were not recorded where it stays
    unknown, and how often.
    """

    policy: str
    title: str
    mode: str
    starts: str | None
    decisions: Tally
    newly: int
    projects: int
    concerned: Mapping[str, int]
    owners: tuple[tuple[str, int], ...]
    missing: tuple[tuple[str, int], ...]

    @property
    def judged(self) -> int:
        """All decisions at gates at which the new set judges by it."""
        return self.decisions.outcomes.total()

    def count(self, effect: str) -> int:
        """The decisions to which it does this, or would."""
        return self.decisions.acts[effect] + self.decisions.kept[effect]


class Preview(NamedTuple):
    """Everything but the single decisions.

    `unjudged` counts why recorded decisions could not be judged; `excepted` those that keep recorded waivers or
    approvals. `fates` are of projects.
    """

    counts: VerdictCounts
    projects: tuple[ProjectPreview, ...]
    fates: Mapping[str, int]
    policies: tuple[PolicyPreview, ...]
    unjudged: Mapping[str, int]
    excepted: int

    @property
    def recorded(self) -> int:
        """All decisions that were asked about."""
        return self.counts.judged + sum(self.unjudged.values())
