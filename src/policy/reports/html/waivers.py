"""Waivers: the ground of one that took an effect away, and the register of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.findings import is_shown
from policy.reports.html.markup import Html, code, element, join, name, table, terms, write, write_prose
from policy.reports.html.record import link_policy
from policy.reports.html.words import write_place
from policy.reports.waived import find_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.decision import Decision, Outcome
    from policy.model.summary import Summary
    from policy.model.waiver_entry import Standing, WaiverEntry
    from policy.reports.reporter import ReportContext

ABSENT = "not provided"
USED = {True: "needed here", False: "not needed", None: ""}
HEAD = ("Waiver", "Policy and projects", "State", "Owner", "Reason", "Approved by", "Expires")


def write_grounds(outcome: Outcome, decision: Decision, context: ReportContext) -> Html:
    """Who answers for a waived outcome, why, and until when."""
    entries = find_entries(outcome, decision, context)
    return join([terms(_list_grounds(entry), class_="waiver") for entry in entries])


def write_unseen(decision: Decision, context: ReportContext) -> Html:
    """The waivers of policies that could not be judged, of which there is nothing else to show."""
    unseen = [one for one in decision.outcomes if one.outcome == "waived" and not is_shown(one)]
    return join(
        element(
            "div",
            element("p", link_policy(one.policy, context), f": {one.note}"),
            write_grounds(one, decision, context),
        )
        for one in unseen
    )


def _list_grounds(entry: WaiverEntry) -> list[tuple[str, str]]:
    return [
        ("Waiver", join((name(entry.name), " ", write_place(entry.location)))),
        ("Owner", name(entry.owner) if entry.owner else ABSENT),
        ("Reason", write_prose(entry.reason)),
        ("Compensating control", write_prose(entry.compensating_control or ABSENT)),
        ("Expires", f"{entry.expires.isoformat()}, at the end of the day (UTC)"),
    ]


def write_waivers(summary: Summary) -> Html:
    """Every waiver of the policy set, also those that do not count."""
    rows = [_list_cells(standing) for standing in summary.waivers]
    nothing = element("p", "There are no waivers: no effect was taken away.")
    return element(
        "section",
        element("h2", "Waivers", id="waivers"),
        table("Every waiver of the policy set, and how it stands", HEAD, rows) if rows else nothing,
        class_="register",
    )


def _list_cells(standing: Standing) -> tuple[str, ...]:
    entry = standing.entry
    doubts = [element("p", write_prose(f"{doubt.why}: {doubt.remedy}"), class_="doubt") for doubt in standing.doubts]
    state = f"{standing.state}{', counts' if standing.counts else ', does not count'}"
    used = USED[standing.used]
    return (
        join((name(entry.name), " ", write_place(entry.location))),
        join((code(entry.policy), " for ", code(entry.subject))),
        join((write(state + (f", {used}" if used else "")), *doubts)),
        name(entry.owner) if entry.owner else ABSENT,
        join((write_prose(entry.reason), *_say_more(entry))),
        join((name(entry.approved_by), f" {entry.approved_on or ''}")) if entry.approved_by else ABSENT,
        f"{entry.expires.isoformat()} ({_say_days(standing.days_left)})",
    )


def _say_more(entry: WaiverEntry) -> Iterator[Html]:
    for title, said in (("Compensating control", entry.compensating_control), ("Ticket", entry.ticket)):
        if said:
            yield element("p", f"{title}: ", write_prose(said), class_="doubt")


def _say_days(days: int) -> str:
    if days < 0:
        return f"{-days} {'day' if days == -1 else 'days'} ago"
    return {0: "ends today", 1: "1 day left"}.get(days, f"{days} days left")
