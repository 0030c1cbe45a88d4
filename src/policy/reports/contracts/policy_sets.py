"""The JSON contracts about a policy set: what is in force, its waivers, and how the cases of its policies came out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document, Effect, Waiver

Severity = Literal["low", "medium", "high", "critical"]
Values = dict[str, "SetValue"]


class SetValue(Document):
    """A setting; `set_at` is FILE:LINE:COLUMN, null where no file sets it."""

    value: str | None
    set_at: str | None


class SetGate(Document):
    """A gate's own settings."""

    name: str
    mode: SetValue
    on_error: SetValue


class SetActs(Document):
    """What a failure does on the day that was asked about."""

    effect: Effect | None
    would_be: Effect | None
    note: str


class SetPolicy(Document):
    """A policy that the gate judges."""

    policy: str
    title: str
    severity: Severity
    put_in_force_at: str | None
    effect: SetValue
    on_unknown: SetValue
    mode: SetValue
    start: SetValue = Field(alias="from")
    params: Values
    final_at: str | None
    acts: SetActs


class SetLoosening(Document):
    """What a layer loosens that stood below it."""

    message: str
    set_at: str | None


class SetViewDocument(Document):
    """What `policy set show --output json` writes."""

    format: Literal["policy-set-view/1"]
    name: str
    digest: Digest
    layers: tuple[str, ...] = Field(strict=False)
    gate: SetGate
    evidence: Values
    ledger: Values | None = Field(description="Null where nothing is recorded.")
    approvals: Values | None = Field(
        description="Who may approve what; null where nothing says so and no ledger could."
    )
    waivers: Values | None = Field(description="Null where nothing is waived.")
    mlflow: Values | None = Field(description="Null where no server is governed.")
    policies: tuple[SetPolicy, ...] = Field(strict=False)
    not_judged: tuple[str, ...] = Field(strict=False)
    loosenings: tuple[SetLoosening, ...] = Field(strict=False)


class WaiverLedger(Document):
    """The ledger that may have granted waivers as well."""

    address: str
    asked: bool = Field(description="False where it could not be asked, and only waivers of files are listed.")


class WaiverListDocument(Document):
    """What `policy waivers --output json` writes."""

    format: Literal["policy-waiver-list/1"]
    revision: str | None = Field(description="The revision that shows which waivers of files are approved.")
    ledger: WaiverLedger | None
    waivers: tuple[Waiver, ...] = Field(strict=False)


class CaseResult(Document):
    """A case of a policy."""

    location: str
    expected: str
    actual: str
    passed: bool
    message: str


class CaseTest(Document):
    """A test that decided no case."""

    test: str
    location: str


class Survivor(Document):
    """A changed policy that no case tells from the policy."""

    mutant: str
    location: str
    before: str
    after: str | None = Field(description="Null where something was left out.")
    case: str | None = Field(description="A case that would tell; null where none was found.")


class MutantFinding(Document):
    """What is wrong with an explanation of mutants."""

    message: str
    remedy: str
    location: str


class Mutants(Document):
    """What became of a policy's mutants."""

    total: Count
    killed: Count
    survivors: tuple[Survivor, ...] = Field(strict=False)
    explained: tuple[str, ...] = Field(strict=False)
    findings: tuple[MutantFinding, ...] = Field(strict=False)


class TestedPolicy(Document):
    """A policy and its cases."""

    policy: str
    cases: tuple[CaseResult, ...] = Field(strict=False)
    missing_outcomes: tuple[str, ...] = Field(strict=False, description="Outcomes that no case expects.")
    undecisive: tuple[CaseTest, ...] = Field(strict=False)
    mutants: Mutants | None = Field(default=None, description="Only where they were tried.")


class TestsDocument(Document):
    """What `policy test --output json` writes."""

    format: Literal["policy-tests/1"]
    policies: tuple[TestedPolicy, ...] = Field(strict=False)
