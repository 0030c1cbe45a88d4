"""The JSON contract `policy-decisions/1` as models, for its schema and for checking documents against it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$", description="SHA-256 over canonical JSON (RFC 8785).")]
Verdict = Literal["allow", "flag", "hold", "block"]
Effect = Literal["advise", "flag", "hold", "block"]
Count = Annotated[int, Field(ge=0)]
FINGERPRINT = "^[0-9a-f]{64}$"
DAY = r"^\d{4}-\d\d-\d\d$"


class Document(BaseModel):
    """What all parts of the contract share: nothing unknown, nothing changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Place(Document):
    """A place in a file."""

    file: str = Field(description="Path relative to the root of what was judged, with `/`.")
    line: int = Field(ge=1, description="From 1.")
    column: int = Field(ge=1, description="From 1, in code points.")
    end_line: int | None = Field(default=None, ge=1, description="Line of the end, where it is known.")
    end_column: int | None = Field(default=None, ge=1, description="Column behind the last character.")


class Reason(Document):
    """One test that decided an outcome: what was required, what was found, and where."""

    field: str = Field(description="Path of the fact; `data.sources[].license` is a field of a list's entries.")
    test: str = Field(description="Test of the policy language; `not ` before one that has no opposite.")
    expected: str = Field(description="Right side of the test as a policy would write it, parameters filled in.")
    actual: str | None = Field(description="The value found as a manifest would write it; null where unknown.")
    origin: Literal["observed", "attested", "declared", "estimated"] | None = Field(description="Who says so.")
    result: Literal["true", "false", "unknown"] = Field(description="Whether the test is met.")
    source: str = Field(default="", description="What told the value: a file, or a kind of evidence.")
    location: Place | None = Field(default=None, description="Where the value stands.")


class Outcome(Document):
    """What one policy says of the subject."""

    policy: str = Field(description="Id of the policy; it never changes.")
    outcome: Literal["pass", "fail", "unknown", "not-applicable", "waived", "error"]
    effect: Effect | None = Field(description="What it does at this gate; null where nothing.")
    would_be: Effect | None = Field(description="The effect that a mode, a waiver, an approval or the gate kept back.")
    severity: Literal["low", "medium", "high", "critical"]
    message: str = Field(description="What was found and what is required; empty where there is nothing to say.")
    instead: tuple[str, ...] = Field(strict=False, description="Approaches to take instead.")
    fix: str = Field(description="What to do.")
    note: str = Field(default="", description="Why the effect is what it is.")
    location: Place | None = Field(description="Where to look first.")
    because: tuple[Reason, ...] = Field(strict=False, description="The tests that decided.")


class Contradiction(Document):
    """A claim that evidence speaks against."""

    field: str
    declared: str = Field(description="The weaker claim, as a manifest would write it.")
    observed: str = Field(description="The stronger one.")
    message: str
    source: str = Field(default="", description="What told the stronger one.")
    declared_at: Place | None = None
    observed_at: Place | None = None


class NotAssessed(Document):
    """A policy that could not be judged, and what would settle it."""

    policy: str
    missing: tuple[str, ...] = Field(strict=False, description="Facts, or parameters as `policy.parameter`.")
    settle: str


class Proposed(Document):
    """What the policies of the change that is judged would make of the subject; it enforces nothing."""

    verdict: Verdict
    policies: tuple[str, ...] = Field(strict=False, description="Policies that would come out otherwise.")
    policy_set: Digest


class ComparedFinding(Document):
    """How a finding compares with the baseline."""

    policy: str = Field(description="Id of the policy, or `tunegate/contradiction`.")
    fingerprint: str = Field(pattern=FINGERPRINT)
    state: Literal["known", "improved", "worsened", "new"]
    since: str | None = Field(pattern=DAY, description="The day since which it is known.")
    note: str = Field(description="How it differs from what is known; empty where it does not.")


class Compared(Document):
    """The findings of a decision held against the baseline; they change neither the decision nor its id."""

    verdict: Verdict = Field(description="The verdict of what the baseline does not cover: it makes the exit code.")
    findings: tuple[ComparedFinding, ...] = Field(strict=False, description="What reports show as findings.")


class Yes(Document):
    """Who let something pass that would have been held."""

    by: str = Field(description="Who approved it, or broke the glass.")
    request: str = Field(description="The request, as `policy approvals show` takes it.")
    until: str | None = Field(description="Until when it counts, UTC; null where nothing ends it.")
    overridden: bool = Field(description="Whether somebody broke the glass, instead of those who may approve it.")


class Approved(Document):
    """What an approval lets pass."""

    policies: tuple[str, ...] = Field(strict=False, description="Policies that would hold it.")
    by: tuple[Yes, ...] = Field(strict=False, description="Every yes that counts.")


class FixedFinding(Document):
    """An entry of the baseline of which nothing is found any more."""

    policy: str
    project: str | None = Field(description="Null for what no manifest names.")
    subject: str | None = Field(description="Path of the file that it was found in.")
    outcome: Literal["fail", "unknown", "error", "contradiction"]
    fingerprint: str = Field(pattern=FINGERPRINT)
    since: str = Field(pattern=DAY)


class BaselineResult(Document):
    """What the run was compared with, and how it came out."""

    file: str
    entries: Count = Field(description="How many findings the file holds.")
    verdicts: dict[str, Count] = Field(description="Verdicts of what is not covered; they make the exit code.")
    findings: dict[str, Count] = Field(description="Findings by state.")
    fixed: tuple[FixedFinding, ...] = Field(strict=False)


class ProposedChanges(Document):
    """What the change that is judged does to the policy set."""

    policies: tuple[str, ...] = Field(strict=False, description="Policies that it changes, adds or takes away.")
    settings: tuple[str, ...] = Field(strict=False, description="Other keys of a policy set that it changes.")
    loaded: bool = Field(description="Whether its policies could be read; else nothing is known of them.")


class PoliciesFrom(Document):
    """The revision that policies, waivers and the list of plugins were read from."""

    revision: str = Field(description="The name that was given.")
    commit: str = Field(pattern="^[0-9a-f]{40,64}$", description="The commit that it stood for.")
    config: str | None = Field(description="The policy set's file; null for the catalogue alone.")
    proposed: ProposedChanges | None = Field(description="What the working tree changes; null for nothing.")


class Touched(Document):
    """A manifest, or a file that none covers, and why it was judged or not."""

    path: str
    reason: str


class Selection(Document):
    """Which projects were judged, because of what is changed."""

    revision: str = Field(description="The name that was given.")
    commit: str = Field(pattern="^[0-9a-f]{40,64}$", description="The commit that it stood for.")
    compared_with: str = Field(
        pattern="^[0-9a-f]{40,64}$", description="Where HEAD left it; in a clone without that history, itself."
    )
    projects: Count = Field(description="How many projects there are.")
    judged: tuple[Touched, ...] = Field(strict=False)
    skipped: tuple[Touched, ...] = Field(strict=False)
    gone: tuple[Touched, ...] = Field(strict=False, description="Manifests that the change takes away.")
    files: tuple[Touched, ...] = Field(strict=False, description="Files without a manifest that were looked at.")


class Decision(Document):
    """One judgement: a subject, everything it rests on, and what came out."""

    id: Digest = Field(description="Digest of basis, approvals, gate and time.")
    project: str
    manifest: str | None = Field(description="Path of the manifest; null for a subject without one.")
    training_config: str | None = Field(default=None, description="Path of the training config, where there is one.")
    gate: Literal["check", "commit", "ci", "run", "release"]
    time: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="The clock of the judgement, UTC.")
    verdict: Verdict
    mode: Literal["observe", "flag", "enforce"] = Field(description="The gate's mode.")
    basis: Digest = Field(description="Digest of policy set, facts, waivers, dated tables and engine.")
    policy_set: Digest
    subject: Digest = Field(description="Digest of the subject and what it declares.")
    evidence: Digest
    waivers: Digest
    approvals: Digest
    tables: Digest
    engine: str = Field(description="Name and version of what judged.")
    stake: Digest | None = Field(default=None, description="What an approval binds to, where one may be asked.")
    outcomes: tuple[Outcome, ...] = Field(strict=False, description="Every policy of the gate.")
    contradictions: tuple[Contradiction, ...] = Field(strict=False)
    not_assessed: tuple[NotAssessed, ...] = Field(strict=False)
    proposed: Proposed | None = Field(default=None, description="Null where the change would make no difference.")
    baseline: Compared | None = Field(default=None, description="Null without a baseline.")
    approved: Approved | None = Field(default=None, description="Null where no approval lets it pass.")


class Doubt(Document):
    """Why a waiver does not count."""

    message: str
    remedy: str


class Waiver(Document):
    """A waiver of the policy set, and how it stands after the run."""

    id: str | None
    request: str | None = Field(default=None, description="What granted it in the ledger; null for one of a file.")
    policy: str
    subject: str = Field(description="Pattern of project names; `*` stands for any characters.")
    state: Literal["active", "expiring", "pending", "refused", "expired"]
    counts: bool = Field(description="Whether it takes the effect of an outcome away.")
    used: bool | None = Field(description="Whether it did so in this run; null where this run cannot tell.")
    expires: str = Field(pattern=DAY, description="The last day on which it holds, UTC.")
    days_left: int
    reason: str
    compensating_control: str | None
    ticket: str | None
    owner: str
    requested_by: str
    requested_on: str | None = Field(pattern=DAY)
    approved_by: str | None = Field(description="Who approves it by the file's word; `doubts` say if that is shown.")
    approved_on: str | None = Field(pattern=DAY)
    doubts: tuple[Doubt, ...] = Field(strict=False, description="Why it does not count.")
    location: Place | None


class Related(Document):
    """Another place that a problem is about."""

    message: str
    location: Place | None


class Problem(Document):
    """What is wrong with an input."""

    message: str
    remedy: str
    location: Place | None
    related: tuple[Related, ...] = Field(default=(), strict=False)


class Summary(Document):
    """Counts; every word is there, also at zero."""

    subjects: Count
    verdicts: dict[str, Count]
    outcomes: dict[str, Count]
    effects: dict[str, Count] = Field(description="Effects that act.")
    kept_back: dict[str, Count] = Field(description="Effects that a mode, a waiver, an approval or the gate kept back.")
    not_assessed: Count = Field(description="Policies that could not be judged.")
    not_applicable: Count = Field(description="Subjects to which no policy applies.")
    contradictions: Count


class LedgerResult(Document):
    """What became of the decisions in the ledger."""

    address: str = Field(description="Where the ledger is; it holds no password.")
    recorded: Count = Field(description="Decisions that are durable in the ledger.")
    spooled: Count = Field(description="Decisions that wait in a file until the ledger can be written again.")
    lost: Count = Field(description="Decisions that are on no record.")
    effect: Effect | None = Field(description="What it does at the gate that not all are recorded; null where nothing.")


class Decisions(Document):
    """What `policy check --output json` writes."""

    format: Literal["policy-decisions/1"]
    decisions: tuple[Decision, ...] = Field(strict=False)
    changed_since: Selection | None = Field(default=None, description="Null where everything was judged.")
    policies_from: PoliciesFrom | None = Field(default=None, description="Null where the working tree's own judged.")
    baseline: BaselineResult | None = Field(default=None, description="Null without a baseline.")
    ledger: LedgerResult | None = Field(default=None, description="Null where no ledger keeps the decisions.")
    waivers: tuple[Waiver, ...] = Field(default=(), strict=False, description="Every waiver of the policy set.")
    errors: tuple[Problem, ...] = Field(strict=False, description="Inputs that could not be judged.")
    warnings: tuple[Problem, ...] = Field(default=(), strict=False)
    summary: Summary | None = None


def json_schema(document: type[Document] = Decisions) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a contract, for readers: a later version may add keys, so none is forbidden."""
    schema = document.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("additionalProperties", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
