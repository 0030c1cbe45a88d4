"""How projects, policies and requirements stand at the end of the period, each with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.frameworks import name_framework
from policy.reports.audit.tables import Column, Table, make_table
from policy.reports.audit.words import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model.audit import AuditReport, Link, PolicyNote
    from policy.reports.audit.tables import Cell, Row

SHORT = {
    "pass": "Pass",
    "fail": "Fail",
    "waived": "Waived fail",
    "waived-unknown": "Waived unkn.",
    "unknown": "Unkn.",
    "error": "Err.",
    "not-applicable": "N/A",
}
COUNTED = tuple(Column(word.replace("-", "_"), RESULTS[word], "number", label) for word, label in SHORT.items())


def count_cells(results: Mapping[str, int]) -> tuple[Cell, ...]:
    """A cell for each of the columns in COUNTED."""
    return tuple(results.get(word, 0) for word in SHORT)


def make_projects(report: AuditReport) -> Table:
    """Where each project stands."""
    columns = (
        Column("project", "Project", "name"),
        Column("training_config", "Training config", "name", "Config"),
        Column("team", "Team", "owner"),
        Column("contact", "Contact", "owner"),
        Column("verdict", "Last verdict", "verdict", "Verdict"),
        Column("gate", "Gate"),
        Column("time", "Last decision", "time"),
        Column("decisions", "Decisions", "number", "Dec."),
        *COUNTED,
    )
    rows: list[Row] = [
        (
            one.project,
            one.config,
            one.team,
            one.contact,
            one.latest.verdict,
            one.gate,
            one.latest.time,
            one.decisions,
            *count_cells(one.results),
        )
        for one in report.projects
    ]
    about = "The last decision about each; of a policy that several gates judge, the last result."
    empty = "No project was judged."
    return make_table("projects", "Projects, the worst verdict first", about, columns, rows, empty)


def make_policies(report: AuditReport) -> Table:
    """Policies, the worst first."""
    columns = (
        Column("policy", "Policy", "code"),
        Column("title", "Title"),
        Column("severity", "Severity"),
        Column("failing", "Projects failing at the end", "number", "Failing at end"),
        *COUNTED,
        Column("results", "Results", "number"),
    )
    rows: list[Row] = [
        (
            one.note.id,
            one.note.title,
            one.note.severity,
            one.failing,
            *count_cells(one.results),
            sum(one.results.values()),
        )
        for one in report.policies
    ]
    about = "Counted over all decisions of the period; `failing at the end` counts projects, waived failures too."
    return make_table("policies", "Policies, the worst first", about, columns, rows, "No policy was judged.")


def make_controls(report: AuditReport) -> Table:
    """Requirements, and what is there for each."""
    columns = (
        Column("framework", "Framework"),
        Column("requirement", "Requirement", "code"),
        Column("label", "In our words"),
        Column("policies", "Policies", "codes"),
        Column("evidence", "Evidence digests", "number", "Evidence"),
        *COUNTED,
        Column("gap", "Gap"),
    )
    rows: list[Row] = [
        (
            name_framework(one.framework),
            one.requirement,
            one.label,
            one.policies,
            one.evidence,
            *count_cells(one.results),
            one.gap,
        )
        for one in report.controls
    ]
    about = (
        "Requirements that policies in scope name, and of the same frameworks those that shipped policies name. "
        "Counted are the last results of all projects; `evidence` is how many different digests stand behind them, "
        "which the chain lists."
    )
    empty = "No policy in scope names a requirement."
    return make_table("controls", "Requirements, policies, evidence and gaps", about, columns, rows, empty)


def make_chain(report: AuditReport) -> Table:
    """A row from the requirement to who owns it and when it was judged."""
    columns = (
        Column("requirements", "Requirements", "codes"),
        Column("policy", "Policy", "code"),
        Column("result", "Result", "result"),
        Column("project", "Project", "name"),
        Column("training_config", "Training config", "name", "Config"),
        Column("gate", "Gate"),
        Column("evidence", "Evidence (observed)", "digest", "Evidence"),
        Column("facts", "All facts, as recorded", "digest", "All facts"),
        Column("owner", "Owner", "owner"),
        Column("time", "Date", "time"),
        Column("decision", "Decision", "digest"),
        Column("entry", "Ledger entry", "number", "Entry"),
    )
    about = (
        "The last result of each policy for each project: which requirements it serves, what it rests on, who owns "
        "it, and when it was judged. `policy ledger show ENTRY` shows all of a decision, and `policy ledger prove "
        "ENTRY` proves that it is in the ledger. Digests (SHA-256) are shortened on a page; CSV and JSON have them "
        "whole."
    )

    def rows() -> Iterator[Row]:
        return (_list_cells(link, report.notes) for link in report.links())

    empty = "Nothing was judged."
    return Table("chain", "From requirement to evidence", about, columns, rows, report.link_count, empty)


def _list_cells(link: Link, notes: Mapping[str, PolicyNote]) -> Row:
    note = notes.get(link.policy)
    controls = tuple(f"{framework} {name}" for framework, name in note.controls) if note else ()
    return (
        controls,
        link.policy,
        link.result,
        link.project,
        link.config,
        link.gate,
        link.evidence,
        link.facts,
        link.owner,
        link.time,
        link.decision,
        link.entry or None,
    )
