"""Exceptions: waivers, approvals and broken glass, with who answers for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.audit.tables import Column, make_cards, make_table
from policy.reports.audit.words import STATES

if TYPE_CHECKING:
    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Row, Table


def make_exceptions(report: AuditReport) -> Table:
    """Every waiver, expired ones first."""
    columns = (
        Column("policy", "Policy", "code"),
        Column("projects", "Projects", "code"),
        Column("state", "State", "state"),
        Column("expires", "Expires"),
        Column("owner", "Owner", "owner"),
        Column("approved_by", "Approved by", "owner"),
        Column("reason", "Reason", "given"),
        Column("compensating_control", "Compensating control", "given"),
        Column("ticket", "Ticket", "given"),
        Column("would_fail", "Results that would fail", "number"),
        Column("would_be_unknown", "Results that would be unknown", "number"),
        Column("counted", "Counted in a decision"),
    )
    rows: list[Row] = [
        (
            one.policy,
            one.subject,
            one.state,
            one.expires,
            one.owner,
            one.approved_by,
            one.reason,
            one.control,
            one.ticket,
            one.failures,
            one.unknowns,
            "yes" if one.counted else "no",
        )
        for one in report.exemptions
    ]
    about = (
        "Waivers that counted in decisions of the period, were granted by way of the ledger, or stand in the newest "
        "policy set. A waiver ends with its last day (UTC), and is `expiring` in its last 14 days."
    )
    empty = "There are no waivers: no effect was taken away."
    return make_cards("waivers", "Waivers", about, columns, rows, empty)


def make_requests(report: AuditReport) -> Table:
    """Every request that was open in the period."""
    columns = (
        Column("request", "Request", "code"),
        Column("kind", "For"),
        Column("project", "Project", "name"),
        Column("gate", "Gate"),
        Column("state", "State", "state"),
        Column("policies", "Policies", "codes"),
        Column("asked_by", "Asked by", "owner"),
        Column("asked", "Asked", "time"),
        Column("decided_by", "Decided by", "owner"),
        Column("decided", "Decided", "time"),
        Column("minutes", "Waited", "minutes"),
        Column("ends", "Ends", "time"),
        Column("reason", "Reason", "given"),
        Column("reviewed", "Review", "prose"),
    )
    rows: list[Row] = [
        (
            one.request,
            one.kind,
            one.project,
            one.gate,
            STATES.get(one.state, one.state),
            one.policies,
            one.asked_by,
            one.asked,
            one.decided_by,
            one.decided,
            one.minutes,
            one.ends,
            one.reason,
            one.reviewed or ("not reviewed yet" if one.state == "override" else ""),
        )
        for one in report.requests
    ]
    about = "Requests that were open in the period. People go by a pseudonym, with the name where it is not erased."
    return make_cards("approvals", "Approvals", about, columns, rows, "Nobody was asked for an approval.")


def make_voters(report: AuditReport) -> Table:
    """Who decides, and how long others wait for it."""
    columns = (
        Column("person", "Person", "name"),
        Column("approved", "Approved", "number"),
        Column("rejected", "Rejected", "number"),
        Column("broke_glass", "Broke the glass", "number"),
        Column("median_minutes", "Waited, median", "minutes"),
        Column("longest_minutes", "Waited, longest", "minutes"),
    )
    rows: list[Row] = [
        (one.person, one.approved, one.rejected, one.overridden, one.median, one.longest) for one in report.voters
    ]
    return make_table("approvers", "Who decided", "", columns, rows, "Nobody decided anything.")


def make_overrulings(report: AuditReport) -> Table:
    """How often a policy that holds is overruled."""
    columns = (
        Column("policy", "Policy", "code"),
        Column("asked", "Asked", "number"),
        Column("approved", "Approved", "number"),
        Column("broke_glass", "Broke the glass", "number"),
        Column("rejected", "Rejected", "number"),
        Column("open", "Open", "number"),
        Column("undecided", "Withdrawn or expired", "number"),
        Column("overruled_percent", "Overruled, of all asked", "percent"),
    )
    rows: list[Row] = [
        (
            one.policy,
            one.asked,
            one.approved,
            one.overridden,
            one.rejected,
            one.open,
            one.asked - one.approved - one.overridden - one.rejected - one.open,
            round(100 * (one.approved + one.overridden) / one.asked),
        )
        for one in report.overrulings
    ]
    about = "Requests that a policy's hold was part of. One that is nearly always overruled asks the wrong thing."
    return make_table("overruled", "How often policies are overruled", about, columns, rows, "No hold was decided on.")
