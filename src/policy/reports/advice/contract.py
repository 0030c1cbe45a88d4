"""The JSON contract `policy-advice/1` as models, for checking documents against it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policy.reports.contract import Digest, Document, Effect, Problem

Approach = Literal["base-model", "prompt-engineering", "system-prompt", "few-shot", "rag", "fine-tuning", "hybrid"]
Present = Literal["fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid"]
Standing = Literal["sufficient", "insufficient", "measured", "untried"]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Approaches = Annotated[tuple[Approach, ...], Field(strict=False)]


class Amount(Document):
    """An amount of money."""

    amount: float = Field(strict=False)
    currency: str


class Voice(Document):
    """A policy that fails under some approaches: it speaks against them, and for those that it names instead."""

    policy: str
    title: str
    severity: Literal["low", "medium", "high", "critical"]
    effect: Effect = Field(description="The hardest that a failure does at any gate, modes not counted.")
    message: str = Field(description="What is found and required under the first of these approaches.")
    instead: Approaches
    fix: str
    under: Approaches


class Ranked(Document):
    """One approach."""

    approach: Approach
    grade: Literal["keep", "try", "wait", "silent", "spent", "stopped"]
    standing: Standing
    in_favour: tuple[Voice, ...] = Field(strict=False, alias="for")
    against: tuple[Voice, ...] = Field(strict=False)
    passed: Names = Field(description="Policies that could name another approach, and are met.")
    unsettled: Names = Field(description="Policies that cannot be judged yet.")
    excused_by: Names = Field(description="Policies by which the approach is not needed here.")
    after: Approaches = Field(description="Cheaper approaches that come first.")


class Rung(Document):
    """What to try, and the policies that name it by then."""

    approach: Approach
    policies: Names


class Change(Document):
    """What would be best after one answer; null where nothing could be recommended."""

    answer: str
    best: Approach | None


class Question(Document):
    """A fact that is not known."""

    fact: str
    about: str
    policies: Names
    settle: str
    changes: tuple[Change, ...] = Field(strict=False)


class Price(Document):
    """One price behind a cost."""

    what: str
    amount: Amount
    source: str
    date: str | None = Field(pattern=r"^\d{4}-\d\d-\d\d$")


class Cost(Document):
    """What one approach would cost; null is not known."""

    approach: str
    variant: str | None
    run: Amount | None
    month: Amount | None
    update: Amount | None
    assumptions: Names
    prices: tuple[Price, ...] = Field(strict=False)
    missing: Names
    lacks: dict[Literal["run", "month", "update"], Names] = Field(
        default={}, description="What is missing, for each amount that is null."
    )


class Fault(Document):
    """A policy that could not be judged."""

    policy: str
    message: str


class Advice(Document):
    """The advice about one project."""

    project: str
    manifest: str | None
    training_config: str | None
    present: Present | None
    best: Approach | None
    recommendation: str
    ranked: tuple[Ranked, ...] = Field(strict=False)
    tried: dict[Approach, Standing]
    ladder: tuple[Rung, ...] = Field(strict=False)
    questions: tuple[Question, ...] = Field(strict=False)
    costs: tuple[Cost, ...] = Field(strict=False)
    faults: tuple[Fault, ...] = Field(strict=False)
    time: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    policy_set: Digest
    engine: str


class AdviceReport(Document):
    """What `policy advise --output json` writes."""

    format: Literal["policy-advice/1"]
    advice: tuple[Advice, ...] = Field(strict=False)
    errors: tuple[Problem, ...] = Field(strict=False)
    warnings: tuple[Problem, ...] = Field(strict=False)
