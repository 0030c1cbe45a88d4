"""What judging gives: outcomes with their reasons, and the decision about one subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.errors import Location
    from policy.model.baseline import Compared
    from policy.model.proposal import Proposed


class Reason(NamedTuple):
    """One test that decided an outcome, as texts: what was required, what was found, and where from."""

    field: str
    test: str
    expected: str
    actual: str | None
    origin: str | None
    result: str
    source: str = ""
    location: Location | None = None
    required_at: Location | None = None


class Outcome(NamedTuple):
    """What one policy says of the subject. `would_be` is the effect that a mode, a waiver or a gate kept back.

    `values` are pairs of field and value: everything that decided it, of a list every entry that is at fault.
    """

    policy: str
    outcome: str
    severity: str
    effect: str | None = None
    would_be: str | None = None
    message: str = ""
    instead: tuple[str, ...] = ()
    fix: str = ""
    location: Location | None = None
    because: tuple[Reason, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


class NotAssessed(NamedTuple):
    """A policy that could not be judged, the facts it lacks, and what would settle each, one clause a fact."""

    policy: str
    missing: tuple[str, ...]
    settling: tuple[str, ...]

    @property
    def settle(self) -> str:
        """All clauses in one text."""
        return "; ".join(self.settling)


class ContradictionNote(NamedTuple):
    """A contradiction, as texts: what was claimed, what was observed, and where each stands."""

    field: str
    declared: str
    observed: str
    message: str
    declared_at: Location | None
    observed_at: Location | None
    source: str


class Subject(NamedTuple):
    """What a decision is about: a project's manifest, and the training config where there is one."""

    project: str
    manifest: str | None = None
    training_config: str | None = None


class Yes(NamedTuple):
    """Who let something pass, by which request, and until when that counts: a time, empty where nothing ends it.

    Of broken glass it is one person alone.
    """

    by: str
    request: str
    until: str
    overridden: bool = False


class Approved(NamedTuple):
    """What lets a decision pass that is held: the policies that would hold it, and every yes."""

    policies: tuple[str, ...]
    yeses: tuple[Yes, ...]


class Decision(NamedTuple):
    """One judgement, with the digests of everything that it rests on.

    `traits` are pairs of field and value that tell a training config from others, whatever its file is called.
    No part of it are `proposed`, what the policies of the change that is judged would make of the subject, `baseline`,
    how its findings compare with those that are known, and `approved`, who let it pass where it is held.
    """

    id: str
    subject: Subject
    gate: str
    time: str
    verdict: str
    mode: str
    basis: str
    policy_set: str
    subject_digest: str
    evidence: str
    waivers: str
    approvals: str
    tables: str
    engine: str
    outcomes: tuple[Outcome, ...]
    contradictions: tuple[ContradictionNote, ...]
    not_assessed: tuple[NotAssessed, ...]
    stake: str = ""
    traits: tuple[tuple[str, str], ...] = ()
    proposed: Proposed | None = None
    baseline: Compared | None = None
    approved: Approved | None = None
