"""The JSON contract `policy-diff/1` as models, for its schema and for checking documents against it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document, Place, Problem, Verdict

Direction = Literal["stricter", "milder", "neither", "unclear"]
Kind = Literal["added", "removed", "changed"]
Gate = Literal["check", "commit", "ci", "run", "release"]
Outcome = Literal["pass", "fail", "unknown", "not-applicable", "waived", "error"]


class DiffSide(Document):
    """One of the two policy sets."""

    given: str = Field(description="As it was named in the call.")
    name: str = Field(description="What it is called in sentences.")
    commit: str | None = Field(description="The commit, where it is one of a revision.")
    file: str | None = Field(description="Its file; null for the catalogue as it is.")
    digest: Digest


class DiffLine(Document):
    """A line of two texts that are compared."""

    sign: Literal[" ", "-", "+"] = Field(description="A space: in both; `-`: in the old text; `+`: in the new one.")
    text: str


class DiffChange(Document):
    """One thing that differs."""

    key: str = Field(description="What a policy or a policy set calls it; `params.NAME` for a parameter.")
    old: str | None = Field(description="The old value as a text; null where there is none.")
    new: str | None = Field(description="The new value as a text; null where there is none.")
    direction: Direction = Field(description="What it does; `unclear` where that cannot be told in general.")
    gates: tuple[Gate, ...] = Field(strict=False, description="At which gates, where it depends on them.")
    lines: tuple[DiffLine, ...] = Field(strict=False, description="Both texts line by line, for what is a text.")
    old_at: Place | None = Field(description="Where a layer of the old set sets it; as from the working folder.")
    new_at: Place | None = Field(description="Where a layer of the new set sets it; as from the working folder.")


class DiffPolicy(Document):
    """A policy that differs."""

    policy: str
    title: str
    change: Kind
    direction: Direction
    changes: tuple[DiffChange, ...] = Field(strict=False, description="What may change an outcome or its effect.")
    wording: tuple[DiffChange, ...] = Field(strict=False, description="What changes no outcome.")


class DiffWaiver(Document):
    """A waiver that differs."""

    policy: str
    subject: str
    id: str | None
    change: Kind
    direction: Direction
    changes: tuple[DiffChange, ...] = Field(strict=False)


class PolicyCounts(Document):
    """How many policies differ, of all that either set has."""

    of: Count
    added: Count
    removed: Count
    changed: Count
    wording_only: Count


class DiffOutcome(Document):
    """A policy that comes out otherwise; null where a set does not judge it."""

    policy: str
    old: Outcome | None
    new: Outcome | None
    old_effect: str | None = Field(description="What it does, or `would …` where something keeps that back.")
    new_effect: str | None


class DiffSubject(Document):
    """A subject whose verdict differs."""

    project: str
    manifest: str | None
    training_config: str | None
    old: Verdict
    new: Verdict
    policies: tuple[DiffOutcome, ...] = Field(strict=False, description="Hardest effect first.")


class NotJudged(Document):
    """A file of which nothing could be judged."""

    file: str
    by: Literal["OLD", "NEW", "both"] = Field(description="Which of the two could not judge it.")
    why: str


class Transition(Document):
    """How many subjects go from one verdict to another, or keep theirs."""

    old: Verdict
    new: Verdict
    subjects: Count


class DiffSummary(Document):
    """Counts of subjects."""

    judged: Count
    newly_blocked: Count
    newly_held: Count
    newly_flagged: Count
    freed: Count = Field(description="Those that get a milder verdict.")
    unchanged: Count
    unchanged_by_other_outcomes: Count = Field(description="Those of them of which some policy comes out otherwise.")
    not_judged: Count = Field(description="Files of which nothing could be judged.")
    transitions: tuple[Transition, ...] = Field(strict=False)


class DiffDocument(Document):
    """What `policy diff --output json` writes."""

    format: Literal["policy-diff/1"]
    old: DiffSide
    new: DiffSide
    gate: Gate
    time: str
    changes_meaning: bool = Field(description="Whether the two may judge anything otherwise.")
    evidence_settings: Literal["both", "old"] = Field(description="Whose settings evidence was collected with.")
    policies: tuple[DiffPolicy, ...] = Field(strict=False, description="By id.")
    settings: tuple[DiffChange, ...] = Field(strict=False)
    waivers: tuple[DiffWaiver, ...] = Field(strict=False)
    made_of: tuple[DiffChange, ...] = Field(strict=False, description="Name, layers and bundles.")
    policy_counts: PolicyCounts
    subjects: tuple[DiffSubject, ...] = Field(strict=False, description="Those whose verdict differs.")
    not_judged: tuple[NotJudged, ...] = Field(strict=False)
    errors: tuple[Problem, ...] = Field(strict=False, description="Inputs that could not be read.")
    warnings: tuple[Problem, ...] = Field(strict=False)
    summary: DiffSummary
