"""The JSON contract `policy-audit/1`: its head as models, and its tables by their columns."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from policy.model.audit import AuditReport, Counts, Period, Scope
from policy.reports.audit.document import LEFT_OUT
from policy.reports.audit.scope_tables import STEPS
from policy.reports.audit.sections import list_tables
from policy.reports.contract import Count, Document, json_schema

Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d")]
NUMBERS = ("number", "minutes", "percent")


class AuditScope(Document):
    """What was asked for; an empty list lets everything through."""

    since: str | None = Field(description="Null for the beginning.")
    until: str = Field(description="Up to, not including.")
    effective: Day = Field(description="The day by which waivers are told.")
    gate: str | None = Field(description="The gate at which manifests were judged.")
    paths: tuple[str, ...] = Field(strict=False)
    teams: tuple[str, ...] = Field(strict=False)
    projects: tuple[str, ...] = Field(strict=False)
    policies: tuple[str, ...] = Field(strict=False)
    frameworks: tuple[str, ...] = Field(strict=False)


class AuditCheckpoint(Document):
    """The newest checkpoint that the database has."""

    size: Count
    note: str


class AuditLedger(Document):
    """The ledger as it was read."""

    address: str
    id: str
    name: str
    size: Count
    root: str
    chain: str
    checkpoint: AuditCheckpoint | None


class AuditDecisions(Document):
    """How many decisions there are, and where they are from."""

    all: Count
    recorded: Count
    judged: Count


class AuditCounts(Document):
    """The denominators."""

    decisions: AuditDecisions
    projects: Count
    results: dict[str, Count] = Field(description="By result, and `all`.")
    verdicts: dict[str, Count]
    unread: Count
    erased: Count
    recorded_on_another_day: Count
    without_denominator: Count


class AuditHead(Document):
    """What `policy report --output json` writes; below its head a row of each table is an object."""

    format: Literal["policy-audit/1"]
    tool: str
    scope: AuditScope
    ledger: AuditLedger | None = Field(description="Null where none was read.")
    counts: AuditCounts
    step: Literal["day", "week", "month"] = Field(description="What a row of `verdicts` is.")
    doubts: tuple[str, ...] = Field(strict=False, description="What the report cannot show.")


def audit_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the whole document."""
    schema = json_schema(AuditHead)
    for table in list_tables(make_empty()):
        if table.name not in LEFT_OUT:
            schema["properties"][table.name] = _describe_table(table.title, table.about, table.columns)
            schema["required"].append(table.name)
    return schema


def make_empty() -> AuditReport:
    """A report of nothing, which has all the columns."""
    scope, nothing = Scope(Period("", ""), ""), ((),) * 11
    return AuditReport(scope, None, (), Counts(), (), "month", *nothing, {}, lambda: iter(()), 0)


def _describe_table(title: str, about: str, columns: Any) -> dict[str, Any]:
    cells = {column.name: _describe_cell(column) for column in columns}
    # A row of the verdicts is a day, a week or a month.
    dated = {step: {"type": "string"} for step in STEPS} if cells.keys() & STEPS.keys() else {}
    row = {
        "type": "object",
        "properties": {**cells, **dated},
        "required": [name for name in cells if name not in STEPS],
    }
    return {"title": title, **({"description": about} if about else {}), "type": "array", "items": row}


def _describe_cell(column: Any) -> dict[str, Any]:
    if column.kind in NUMBERS:
        return {"title": column.title, "type": ["integer", "null"]}
    if column.kind == "codes":
        return {"title": column.title, "type": "array", "items": {"type": "string"}}
    return {"title": column.title, "type": ["string", "null"]}
