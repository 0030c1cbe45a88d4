"""The JSON contract `policy-preview/1` as models, for its schema and for checking documents against it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document, Problem, Verdict
from policy.reports.diff.contract import DiffOutcome, DiffSide, Gate  # noqa: TC001 - models read them as they run

Fate = Literal["blocked", "held", "flagged", "freed", "same"]
Mode = Literal["observe", "flag", "enforce"]


class PreviewLedger(Document):
    """The ledger whose decisions were judged again."""

    id: str
    name: str


class PreviewOwner(Document):
    """Who answers for a project, by the facts that were recorded; null where they do not say."""

    team: str | None
    contact: str | None


class PreviewDecision(Document):
    """A recorded decision and its new verdict."""

    id: Digest
    entry: Count = Field(description="Its number in the ledger.")
    project: str
    manifest: str | None
    training_config: str | None
    gate: Gate
    time: str
    owner: PreviewOwner
    old: Verdict
    new: Verdict
    policies: tuple[str, ...] = Field(strict=False, description="Those whose effects make the new verdict.")


class PreviewSubject(Document):
    """One subject at one gate."""

    latest: PreviewDecision
    decisions: Count = Field(description="All that were judged again.")
    harder: Count = Field(description="Those of them that get a harder verdict.")
    milder: Count
    policies: tuple[DiffOutcome, ...] | None = Field(
        strict=False, description="What comes out otherwise in the latest one; null where its record is gone."
    )


class PreviewProject(Document):
    """A project of which any decision changes."""

    project: str
    fate: Fate = Field(description="The hardest change of a latest decision.")
    owner: PreviewOwner
    subjects: tuple[PreviewSubject, ...] = Field(strict=False, description="Those with a decision that changes.")


class PreviewOutcomes(Document):
    """How often a policy has which outcome."""

    passed: Count = Field(alias="pass")
    fail: Count
    unknown: Count
    not_applicable: Count = Field(alias="not-applicable")
    waived: Count
    error: Count


class PreviewEffects(Document):
    """In how many decisions what is done."""

    advise: Count
    flag: Count
    hold: Count
    block: Count


class PreviewConcerned(Document):
    """Of how many projects a latest decision meets what a policy does, or would do if nothing kept it back."""

    of: Count = Field(description="All of which a latest decision is judged by the policy.")
    block: Count
    hold: Count
    flag: Count


class PolicyOwner(Document):
    """How many of the projects that a policy concerns somebody answers for; null where nobody is recorded."""

    owner: str | None
    projects: Count


class MissingFact(Document):
    """A fact that was not recorded, and in how many decisions a policy would have needed it."""

    fact: str
    decisions: Count


class PreviewPolicy(Document):
    """A policy of the new set."""

    policy: str
    title: str
    mode: Mode
    start: str | None = Field(alias="from", description="The day from which it acts in full.")
    decisions: Count = Field(description="All that are judged by it.")
    outcomes: PreviewOutcomes
    effects: PreviewEffects
    kept_back: PreviewEffects = Field(description="What a mode, a day or a gate keeps back; waived ones do not count.")
    newly: Count = Field(description="Decisions that get a harder verdict by what it does.")
    projects: PreviewConcerned
    owners: tuple[PolicyOwner, ...] = Field(strict=False)
    missing: tuple[MissingFact, ...] = Field(strict=False, description="Where it stays unknown.")


class NotJudgedAgain(Document):
    """Recorded decisions that could not be judged again."""

    why: str
    decisions: Count


class DecisionTransition(Document):
    """How many decisions go from one verdict to another, or keep theirs."""

    old: Verdict
    new: Verdict
    decisions: Count


class PreviewFates(Document):
    """What becomes of the projects."""

    of: Count
    blocked: Count
    held: Count
    flagged: Count
    freed: Count
    same: Count


class PreviewSummary(Document):
    """Counts of decisions, and of projects by their latest ones."""

    recorded: Count = Field(description="All that were asked about.")
    judged: Count
    not_judged: Count
    newly_blocked: Count
    newly_held: Count
    newly_flagged: Count
    freed: Count
    unchanged: Count
    with_exceptions: Count = Field(description="Those that keep waivers or approvals that were recorded with them.")
    transitions: tuple[DecisionTransition, ...] = Field(strict=False)
    projects: PreviewFates


class PreviewDocument(Document):
    """What `policy preview --output json` writes."""

    format: Literal["policy-preview/1"]
    new: DiffSide
    ledger: PreviewLedger
    since: str
    until: str = Field(description="Before it all decisions are.")
    gate: Gate | None = Field(description="Null for all.")
    project: str | None = Field(description="A pattern of names; null for all.")
    judged_as_at: str | None = Field(description="Null where each is judged as at its own time.")
    time: str = Field(description="When the waivers of the new set counted.")
    decisions: tuple[PreviewDecision, ...] = Field(
        strict=False, description="Those whose verdict differs, newest first."
    )
    projects: tuple[PreviewProject, ...] = Field(strict=False, description="Hardest change first.")
    policies: tuple[PreviewPolicy, ...] = Field(strict=False, description="By id.")
    not_judged: tuple[NotJudgedAgain, ...] = Field(strict=False)
    warnings: tuple[Problem, ...] = Field(strict=False)
    summary: PreviewSummary
