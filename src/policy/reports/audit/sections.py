"""The sections of the report in their order, each with its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.audit import finding_tables, people_tables, run_tables, scope_tables, state_tables
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Table


class Section(NamedTuple):
    """A heading, the anchor that leads to it, and what stands below. A `wide` one is printed across the page."""

    anchor: str
    title: str
    tables: tuple[Table, ...]
    wide: bool = False


def list_sections(report: AuditReport) -> tuple[Section, ...]:
    """All sections but the first screen."""
    return (
        Section("verdicts", "Verdicts over time", (scope_tables.make_verdicts(report),)),
        Section("projects", "Projects", (state_tables.make_projects(report), scope_tables.make_unjudged(report)), True),
        Section(
            "runs",
            "Runs",
            (run_tables.make_runs(report), run_tables.make_unadmitted(report), run_tables.make_gates(report)),
            wide=True,
        ),
        Section("policies", "Policies", (state_tables.make_policies(report),), True),
        Section("waivers", "Waivers", (people_tables.make_exceptions(report),)),
        Section(
            "approvals",
            "Approvals",
            (
                people_tables.make_voters(report),
                people_tables.make_overrulings(report),
                people_tables.make_requests(report),
            ),
        ),
        Section("unknowns", "Unknown", (finding_tables.make_missing(report),)),
        Section("contradictions", "Contradictions", (finding_tables.make_contradictions(report),)),
        Section("fixing", "Time to fix", (finding_tables.make_fixing(report),)),
        Section("controls", "Requirements", (state_tables.make_controls(report),), True),
        Section("chain", "Evidence", (state_tables.make_chain(report),), True),
        Section(
            "policy-sets",
            "Policy sets",
            (
                scope_tables.make_policy_sets(report),
                scope_tables.make_parameters(report),
                run_tables.make_settings(report),
            ),
        ),
    )


def list_tables(report: AuditReport) -> tuple[Table, ...]:
    """All tables, the first screen's too."""
    first = (scope_tables.make_scope(report), scope_tables.make_results(report))
    return (*first, *(table for section in list_sections(report) for table in section.tables))
