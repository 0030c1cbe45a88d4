"""What was asked for and by which rules it was judged, with the counts that everything else is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.reports.audit.run_tables import say_runs
from policy.reports.audit.tables import Column, make_table
from policy.reports.audit.words import RESULTS, RESULTS_ABOUT, VERDICTS

if TYPE_CHECKING:
    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Row, Table

STEPS = {"day": "Day", "week": "Week from", "month": "Month"}


def list_scope(report: AuditReport) -> list[tuple[str, str, str]]:
    """What a reader has to know before the counts mean anything: name, title and text; an empty text is left out."""
    scope, ledger, counts = report.scope, report.ledger, report.counts
    return [
        ("period_since", "From", scope.period.since or "the beginning"),
        ("period_until", "Up to, not including", scope.period.until),
        ("effective", "Waivers as on", scope.effective),
        ("teams", "Only teams", ", ".join(scope.teams)),
        ("projects", "Only projects", ", ".join(scope.projects)),
        ("policies", "Only policies", ", ".join(scope.policies)),
        ("frameworks", "Only frameworks", ", ".join(scope.frameworks)),
        ("filters", "Narrowed to", "" if is_narrowed(report) else "nothing: all teams, projects and policies"),
        ("paths", "Manifests below", ", ".join(scope.paths)),
        ("gate", "Judged at the gate", scope.gate if scope.paths else ""),
        ("ledger", "Ledger", f"{ledger.name} ({ledger.id}), {ledger.size:,} entries" if ledger else ""),
        ("root", "Its root", ledger.root if ledger else ""),
        ("tool", "Made by", f"tunegate {__version__}"),
        ("decisions", "Decisions", f"{counts.recorded:,} recorded, {counts.judged:,} made for this report"),
        ("runs", "Runs", say_runs(report)),
    ]


def is_narrowed(report: AuditReport) -> bool:
    """Whether only a part of what there is is in scope."""
    scope = report.scope
    return bool(scope.teams or scope.projects or scope.policies or scope.frameworks)


def make_scope(report: AuditReport) -> Table:
    """The scope as a table."""
    rows: list[Row] = [(title, text) for _, title, text in list_scope(report) if text]
    columns = (Column("item", "What"), Column("value", "Value"))
    return make_table("scope", "Scope", "", columns, rows, "")


def make_policy_sets(report: AuditReport) -> Table:
    """The policy sets in force, the last one first."""
    columns = (
        Column("policy_set", "Policy set", "digest"),
        Column("name", "Name", "name"),
        Column("tool", "Judged by"),
        Column("policies", "Policies", "number"),
        Column("decisions", "Decisions", "number"),
        Column("first", "First", "time"),
        Column("last", "Last", "time"),
    )
    rows: list[Row] = [
        (one.digest, one.name, one.engine, one.policies, one.decisions, one.first, one.last)
        for one in report.policy_sets
    ]
    about = "A decision names the policy set that made it by the digest of all its policies, parameters and settings."
    return make_table("policy_sets", "Policy sets", about, columns, rows, "No policy set judged anything.")


def make_parameters(report: AuditReport) -> Table:
    """The parameters that policy sets change."""
    columns = (
        Column("parameter", "Parameter", "code"),
        Column("value", "Value"),
        Column("default", "Instead of"),
        Column("policy_set", "Policy set", "digest"),
    )
    rows: list[Row] = [
        (one.name, one.value, one.default, used.digest) for used in report.policy_sets for one in used.parameters
    ]
    empty = "Every parameter has its policy's own value."
    return make_table("parameters", "Parameters changed", "", columns, rows, empty)


def make_results(report: AuditReport) -> Table:
    """Every result, with the whole as denominator."""
    columns = (
        Column("result", "Result", "result"),
        Column("results", "Results", "number"),
        Column("of", "Of", "number"),
        Column("meaning", "Which means"),
    )
    counts = report.counts
    rows: list[Row] = [(word, counts.results.get(word, 0), counts.total, RESULTS_ABOUT[word]) for word in RESULTS]
    rows.append(("all", counts.total, counts.total, "each policy in force, in each decision"))
    return make_table("results", "Every policy in force, in every decision", "", columns, rows, "")


def make_verdicts(report: AuditReport) -> Table:
    """Verdicts step by step."""
    title = STEPS[report.step]
    columns = (
        Column(report.step, title),
        *(Column(word, said, "number") for word, said in VERDICTS.items()),
        Column("decisions", "Decisions", "number"),
    )
    rows: list[Row] = [
        (name, *(counts.get(word, 0) for word in VERDICTS), sum(counts.values())) for name, counts in report.verdicts
    ]
    about = "A decision for each time that something was judged; the same project is judged many times."
    return make_table("verdicts", f"Verdicts by {report.step}", about, columns, rows, "Nothing was decided.")


def make_unjudged(report: AuditReport) -> Table:
    """What is in scope and is not among the counts."""
    columns = (Column("name", "Project or file", "name"), Column("why", "Why", "prose"))
    rows: list[Row] = [(one.name, one.why) for one in report.unjudged]
    about = "In scope, and not among the counts above, or not on record."
    return make_table("not_judged", "Not judged", about, columns, rows, "Nothing that is known of was left out.")
