"""What an audit report is made of: its scope, and what decisions of that scope come to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policy.model.audited_runs import RunsNote
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policy.model.audited_runs import SettingsChange

RESULTS: Final = (
    "pass",
    "fail",
    "waived",
    "waived-unknown",
    "unknown",
    "error",
    "not-applicable",
    "not-evaluated",
)
"""What a policy comes to in a decision; a waived one would fail, or be unknown. Not evaluated is not among outcomes:
the policy is in force, and the gate does not judge it."""
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


class Period(NamedTuple):
    """From a time up to but not including another, both as texts; an empty `since` is the beginning."""

    since: str
    until: str


class Scope(NamedTuple):
    """What is asked for. Without names in a filter it lets everything through; `effective` is a day."""

    period: Period
    effective: str
    gate: str = ""
    paths: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()


class Checkpoint(NamedTuple):
    """The newest checkpoint that the database has: how many entries it covers, and its note."""

    size: int
    note: str


class LedgerState(NamedTuple):
    """Which ledger was read, and what it was then; `root` and `chain` are hexadecimal."""

    address: str
    id: str
    name: str
    size: int
    root: str
    chain: str
    checkpoint: Checkpoint | None = None


class Parameter(NamedTuple):
    """A parameter that a policy set gives another value, as texts."""

    name: str
    value: str
    default: str


class PolicySetUse(NamedTuple):
    """A policy set by which decisions were made. `policies` is None where it could not be read again."""

    digest: str
    name: str
    engine: str
    decisions: int
    first: str
    last: str
    policies: int | None
    parameters: tuple[Parameter, ...] = ()


class PolicyNote(NamedTuple):
    """What a report says of a policy: `controls` are pairs of framework and requirement."""

    id: str
    title: str = ""
    severity: str = ""
    controls: tuple[tuple[str, str], ...] = ()


class Counts(NamedTuple):
    """The denominators. `unread` decisions are of no format that this version reads, `erased` ones are gone.

    `recorded` decisions are from the ledger, `judged` ones were made for the report. `late` ones were recorded on
    another day than the one that they were judged for.
    """

    recorded: int = 0
    judged: int = 0
    projects: int = 0
    results: Mapping[str, int] = NOTHING
    verdicts: Mapping[str, int] = NOTHING
    unread: int = 0
    erased: int = 0
    late: int = 0
    uncounted: int = 0

    @property
    def decisions(self) -> int:
        """All decisions that count."""
        return self.recorded + self.judged

    @property
    def total(self) -> int:
        """All results: each policy in force, for each decision."""
        return sum(self.results.values())


class Latest(NamedTuple):
    """The last decision about a subject at a gate; `policies` and `results` belong together. No entry is 0."""

    decision: str
    entry: int
    time: str
    verdict: str
    policy_set: str
    evidence: str
    facts: str
    policies: tuple[str, ...]
    results: tuple[str, ...]


class ProjectState(NamedTuple):
    """How a subject stands at the end of the period: at the gate where it was judged last."""

    project: str
    config: str
    team: str
    contact: str
    decisions: int
    gate: str
    latest: Latest
    results: Mapping[str, int]


class Link(NamedTuple):
    """One link of the chain: what a policy came to last for a subject, on what evidence, owned by whom, when."""

    policy: str
    project: str
    config: str
    gate: str
    result: str
    evidence: str
    facts: str
    owner: str
    time: str
    decision: str
    entry: int


class PolicyTally(NamedTuple):
    """A policy over the whole period: its results, and the projects that fail it, or would, at the end."""

    note: PolicyNote
    results: Mapping[str, int]
    failing: int


class Fixing(NamedTuple):
    """How long failures of a policy lasted, in minutes. `dropped` ended because the policy applied no more."""

    note: PolicyNote
    fixed: int
    median: int | None
    longest: int | None
    dropped: int
    open: int
    oldest: str


class MissingFact(NamedTuple):
    """A fact for want of which policies could not be judged: in how many results, of how many projects."""

    fact: str
    results: int
    projects: int
    policies: tuple[str, ...]


class Contradicted(NamedTuple):
    """A claim of a project that evidence speaks against, as it was last."""

    project: str
    field: str
    declared: str
    observed: str
    source: str
    decisions: int
    last: str


class Exemption(NamedTuple):
    """A waiver: how it stands, who answers for it, and the results that would have been a failure, or unknown."""

    policy: str
    subject: str
    state: str
    owner: str
    reason: str
    control: str
    approved_by: str
    expires: str
    ticket: str
    failures: int
    unknowns: int
    counted: bool


class RequestNote(NamedTuple):
    """A request for approval, a waiver or with a broken glass: who asked, who decided, how long that took."""

    request: str
    kind: str
    project: str
    gate: str
    policies: tuple[str, ...]
    asked_by: str
    asked: str
    state: str
    decided_by: str
    decided: str
    minutes: int | None
    ends: str
    reason: str
    reviewed: str


class Voter(NamedTuple):
    """Somebody who decides: votes cast, glass broken, and how long requests had waited, in minutes."""

    person: str
    approved: int
    rejected: int
    overridden: int
    median: int | None
    longest: int | None


class Overruling(NamedTuple):
    """How often what a policy held was let through: by approval, or by breaking the glass."""

    policy: str
    asked: int
    approved: int
    overridden: int
    rejected: int
    open: int


class ControlState(NamedTuple):
    """A requirement of a framework, the policies that serve it, how subjects stand to them, and what is missing."""

    framework: str
    requirement: str
    label: str
    policies: tuple[str, ...]
    results: Mapping[str, int]
    evidence: int
    gap: str


class Unjudged(NamedTuple):
    """Something in scope of which there is no decision, and why."""

    name: str
    why: str


class AuditReport(NamedTuple):
    """All of it. `links` gives the chain, which is as long as there are subjects and policies, each time anew."""

    scope: Scope
    ledger: LedgerState | None
    policy_sets: tuple[PolicySetUse, ...]
    counts: Counts
    verdicts: tuple[tuple[str, Mapping[str, int]], ...]
    step: str
    projects: tuple[ProjectState, ...]
    policies: tuple[PolicyTally, ...]
    exemptions: tuple[Exemption, ...]
    requests: tuple[RequestNote, ...]
    voters: tuple[Voter, ...]
    overrulings: tuple[Overruling, ...]
    missing: tuple[MissingFact, ...]
    contradictions: tuple[Contradicted, ...]
    fixing: tuple[Fixing, ...]
    controls: tuple[ControlState, ...]
    unjudged: tuple[Unjudged, ...]
    notes: Mapping[str, PolicyNote]
    links: Callable[[], Iterator[Link]]
    link_count: int
    doubts: tuple[str, ...] = ()
    runs: RunsNote = RunsNote()
    settings: tuple[SettingsChange, ...] = ()
