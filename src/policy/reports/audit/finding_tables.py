"""What is missing, what contradicts itself, and how long failures last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.audit.tables import Column, make_table

if TYPE_CHECKING:
    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Row, Table


def make_missing(report: AuditReport) -> Table:
    """Facts for want of which nothing could be said."""
    columns = (
        Column("fact", "Missing fact", "code"),
        Column("results", "Results", "number"),
        Column("projects", "Projects", "number"),
        Column("policies", "Needed by", "codes"),
    )
    rows: list[Row] = [(one.fact, one.results, one.projects, one.policies) for one in report.missing]
    about = (
        "Results that are unknown for want of a fact, or would be but for a waiver, and those of policies that are not "
        "applicable because a parameter has no value in the policy set. One may lack several facts."
    )
    return make_table("unknowns", "Unknown, by missing fact", about, columns, rows, "No fact was missing.")


def make_contradictions(report: AuditReport) -> Table:
    """Claims that evidence speaks against."""
    columns = (
        Column("project", "Project", "name"),
        Column("fact", "Fact", "code"),
        Column("claimed", "Claimed", "code"),
        Column("against", "Against it", "code"),
        Column("told_by", "Told by"),
        Column("decisions", "Decisions", "number"),
        Column("last", "Last seen", "time"),
    )
    rows: list[Row] = [
        (one.project, one.field, one.declared, one.observed, one.source, one.decisions, one.last)
        for one in report.contradictions
    ]
    about = "Of each pair one side is wrong; policies were judged on the stronger evidence."
    empty = "No evidence spoke against what is claimed."
    return make_table("contradictions", "Contradictions", about, columns, rows, empty)


def make_fixing(report: AuditReport) -> Table:
    """How long failures last."""
    columns = (
        Column("policy", "Policy", "code"),
        Column("title", "Title"),
        Column("fixed", "Fixed", "number"),
        Column("median_minutes", "Median", "minutes"),
        Column("longest_minutes", "Longest", "minutes"),
        Column("no_longer_applies", "No longer applies", "number"),
        Column("open", "Open at the end", "number"),
        Column("oldest", "Oldest open since", "time"),
    )
    rows: list[Row] = [
        (one.note.id, one.note.title, one.fixed, one.median, one.longest, one.dropped, one.open, one.oldest)
        for one in report.fixing
    ]
    about = (
        "From the first fail to the next pass of the same project and policy, within the period. From two days on, "
        "rounded to hours."
    )
    return make_table("time_to_fix", "Time to fix", about, columns, rows, "Nothing failed.")
