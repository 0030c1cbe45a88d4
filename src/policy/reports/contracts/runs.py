"""The JSON contracts of `policy runs`: what the ledger says of runs, and where an MLflow server contradicts it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document, Verdict


class RunOnRecord(Document):
    """The last step of a run; null is what there is none of."""

    server: str
    run: str
    experiment: str
    project: str | None
    principal: str | None = Field(description="The name of whom the server authenticated.")
    activity: Literal["training", "baseline", "evaluation", "data"]
    manifest: Digest | None
    decision: Digest | None
    state: Literal["admitted", "held", "refused", "reopened", "unjudged"]
    verdict: Verdict | None
    parent: str | None
    entry: Count = Field(description="The number of the ledger's entry.")


class RunsDocument(Document):
    """What `policy runs list --output json` writes."""

    format: Literal["policy-runs/1"]
    runs: tuple[RunOnRecord, ...] = Field(strict=False, description="In the order of their last steps.")


class RunFinding(Document):
    """What contradicts the ledger, or is not in it; null is what it is not about."""

    kind: Literal[
        "unrecorded-run",
        "unadmitted-run",
        "reopened-run",
        "differing-run",
        "lost-run",
        "unadmitted-model",
        "unadmitted-version",
        "unadmitted-alias",
    ]
    message: str
    run: str | None
    experiment: str | None
    model: str | None = Field(description="The registered model.")
    version: str | None


class Compared(Document):
    """How much was compared."""

    experiments: Count = Field(description="Governed ones.")
    runs: Count = Field(description="Theirs, deleted ones too.")
    records: Count = Field(description="Runs that the ledger has of this server.")
    models: Count = Field(description="Logged models of the governed experiments.")
    versions: Count = Field(description="Of registered models that are bound.")


class RunsComparisonDocument(Document):
    """What `policy runs compare --output json` writes."""

    format: Literal["policy-runs-comparison/1"]
    address: str
    server: str = Field(description="What the ledger calls the server.")
    compared: Compared
    counts: dict[str, Count] = Field(description="Findings by kind.")
    findings: tuple[RunFinding, ...] = Field(strict=False)
