"""The JSON contract `policy-evidence/1` as models, for its schema and for checking documents against it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from policy.reports.contract import Contradiction, Count, Document, Place, Problem

# What `encode` of the kinds gives: money is an object, a list of records a list of objects.
Scalar = bool | int | float | str
Value = Scalar | dict[str, Any] | list[Any] | None


class EvidenceFact(Document):
    """One claim, or one fact that follows from others."""

    path: str = Field(description="The fact; `data.sources[0].rows` is a field of the first entry that counts.")
    value: Value = Field(
        description="Durations in milliseconds, money as amount and currency, dates as text; a list of records as a "
        "list of objects. null where it was looked for and is not there.",
    )
    origin: Literal["observed", "attested", "declared", "estimated"] = Field(description="Who says so.")
    source: str = Field(description="What told it: a file, or a kind of evidence, or what it was derived from.")
    location: Place | None = Field(description="Where it stands, or where the file is named that tells it.")
    digest: str | None = Field(description="SHA-256, in hexadecimal, of the file that told it; null where none did.")
    text: str = Field(description="The value as a manifest would write it.")
    complete: bool | None = Field(description="Of a list, whether it is known to hold no more; else null.")
    judged: bool = Field(description="Whether policies are judged on this value.")
    contradicted: bool = Field(description="Whether another claim cannot be right beside it.")
    follows_from: tuple[str, ...] = Field(
        strict=False,
        description="Facts that a derived one follows from; its own path where several claims make it together.",
    )


class Unavailable(Document):
    """Evidence that was sought and could not be had, whether or not the fact is known otherwise."""

    path: str
    why: str


class UnknownFact(Document):
    """A fact that is not known."""

    path: str
    why: str
    settle: str = Field(description="What would make it known.")
    policies: tuple[str, ...] = Field(strict=False, description="Ids of the policies that ask for it here.")


class EvidenceSubject(Document):
    """All evidence about one project, or about one training config of it."""

    project: str
    manifest: str | None = Field(description="Path of the manifest; null for a subject without one.")
    training_config: str | None = Field(description="Path of the training config, where there is one.")
    facts: tuple[EvidenceFact, ...] = Field(
        strict=False, description="In the order of the fact schema; of each fact the strongest claim first."
    )
    contradictions: tuple[Contradiction, ...] = Field(strict=False)
    unavailable: tuple[Unavailable, ...] = Field(strict=False)
    unknown: tuple[UnknownFact, ...] = Field(
        strict=False,
        description="What a policy in force asks for here, or a collector sought in vain; with `--all` every fact.",
    )


class EvidenceSummary(Document):
    """Counts; of several claims about one fact, the fact."""

    subjects: Count
    facts: Count
    contradictions: Count
    unknown: Count


class EvidenceDocument(Document):
    """What `policy evidence --output json` writes."""

    format: Literal["policy-evidence/1"]
    subjects: tuple[EvidenceSubject, ...] = Field(strict=False, description="Empty where nothing is known.")
    errors: tuple[Problem, ...] = Field(strict=False, description="Inputs that could not be read.")
    warnings: tuple[Problem, ...] = Field(strict=False)
    summary: EvidenceSummary
