"""The rarer acts of `policy approvals`: delegating, breaking the glass and reviewing that, asking for waivers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.approvals_desk import open_desk, read_length
from policy.gates.cli.approvals_server import break_glass_there, review_there, server_option
from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say
from policy.reports.layout import clean

if TYPE_CHECKING:
    from policy.model.waiver_entry import WaiverEntry


@click.command("delegate")
@click.argument("person", required=False)
@click.option("--from", "starts", metavar="TIME", help="When it begins; now without it.")
@click.option(
    "--until", "ends", metavar="TIME", help="When it ends: 2026-12-31, which is part of it, or 2026-12-31T12:00:00Z."
)
@click.option("--end", "ended", metavar="DELEGATION", help="End this delegation now, instead.")
@config_option
def delegate(person: str | None, starts: str | None, ends: str | None, ended: str | None, config: str | None) -> int:
    """Let PERSON vote in your place for a while, with your roles.

    Nobody can hand on what was delegated to them, and who asked or contributed cannot vote for somebody else either.
    """
    from policy.app.approvals.holding import find_settings
    from policy.records.requests.delegating import delegate as hand_over
    from policy.records.requests.delegating import revoke

    with open_desk(config) as (workspace, ledger, user):
        settings = find_settings(workspace.policy_set)
        if ended is not None:
            revoke(ledger, ended, user, settings)
            say(clean(f"ended {ended}"))
            return 0
        if person is None or ends is None:
            raise PolicyError(Problem("it is not said who is to vote, and until when", "write `PERSON --until TIME`"))
        first = _read_time("--from", starts) if starts is not None else None
        made = hand_over(ledger, user, person, first, _read_end("--until", ends), settings)
    say(clean(f"{made}: {person} votes for {user} until {ends}"))
    return 0


@click.command("break-glass")
@click.argument("request")
@click.option("--reason", required=True, help="Why it cannot wait.")
@click.option("--for", "length", metavar="DURATION", help="For how long: 2h; the policy set says how long at most.")
@server_option
@config_option
def break_glass(request: str, reason: str, length: str | None, server: str | None, config: str | None) -> int:
    """Let REQUEST pass at once, alone: in an emergency, for a short time, and somebody else has to review it.

    Every report says so, and it stays listed until it is reviewed.
    """
    from policy.app.approvals.holding import find_settings
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.gates.cli.approvals_text import write_override
    from policy.records.requests.clock import add_length, read_clock
    from policy.records.requests.overriding import break_glass as override

    if server is not None:
        return break_glass_there(server, config, request, reason, length)
    with open_desk(config) as (workspace, ledger, user):
        settings, lasts = find_settings(workspace.policy_set), read_length(length)
        reason = refuse_secrets(reason, "reason")
        began = read_clock(ledger)
        ends = override(ledger, request, user, reason, settings, lasts=lasts)
    for line in write_override(request, user, ends, wanted=add_length(began, lasts or 0)):
        say(line)
    return 0


@click.command("review")
@click.argument("request")
@click.option("--finding", required=True, help="What came of it.")
@server_option
@config_option
def review(request: str, finding: str, server: str | None, config: str | None) -> int:
    """Review REQUEST, for which somebody else broke the glass."""
    from policy.app.approvals.holding import find_settings
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.records.requests.overriding import review as look_back

    if server is not None:
        return review_there(server, config, request, finding)
    with open_desk(config) as (workspace, ledger, user):
        look_back(ledger, request, user, refuse_secrets(finding, "finding"), find_settings(workspace.policy_set))
    say(clean(f"reviewed {request} as {user}"))
    return 0


@click.command("waive")
@click.argument("policy_id", metavar="POLICY")
@click.option("--project", required=True, metavar="GLOB", help="The project, or a pattern: support-* is several.")
@click.option("--reason", required=True, help="Why the policy cannot be met now.")
@click.option("--expires", required=True, metavar="DATE", help="The last day on which it is to hold.")
@click.option("--owner", required=True, help="Who sees to it that it can end.")
@click.option("--ticket", default="", help="Where the work towards its end is tracked.")
@config_option
def waive(policy_id: str, project: str, reason: str, expires: str, owner: str, ticket: str, config: str | None) -> int:
    """Ask in the ledger for a waiver of POLICY; those whom `waiver_rules` name can grant it."""
    from policy.app.approvals.holding import find_settings
    from policy.app.approvals.waiving import ask_for_waiver, is_met
    from policy.gates.cli.explain import find_policy

    texts = {"subject": project, "reason": reason, "owner": owner, "ticket": ticket}
    with open_desk(config, create=True) as (workspace, ledger, user):
        entry = _make_entry(find_policy(workspace.policy_set, policy_id).id, texts, expires, user)
        lasts = find_settings(workspace.policy_set).request_lasts
        asked = ask_for_waiver(ledger, workspace.policy_set, entry, lasts=lasts)
        met = is_met(ledger, entry)
    how = "joined the open request" if asked.joined else "asked"
    say(clean(f"{how} {asked.row.id}: waiver of {entry.policy} for {project} until {entry.expires}"))
    if not met:
        say(clean(f"  the ledger has no decision about a project that is called {project}: is the name right?"))
    return 0


def _make_entry(policy: str, texts: dict[str, str], expires: str, user: str) -> WaiverEntry:
    """The waiver that is asked for today. Raises PolicyError for texts that nobody could stand by."""
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.gates.cli.waive import read_end, refuse_texts
    from policy.model.waiver_entry import WaiverEntry
    from policy.records.requests.refusals import check_text

    refuse_secrets(" ".join(texts.values()), "waiver")
    refuse_texts({**texts, "requested_by": user})
    words = {"subject": "pattern of projects", "owner": "name of the owner"}
    said = {key: check_text(text, words.get(key, key), needed=key != "ticket") for key, text in texts.items()}
    today = datetime.now(UTC).date()
    return WaiverEntry(
        policy=policy,
        subject=said["subject"],
        reason=said["reason"],
        owner=said["owner"],
        ticket=said["ticket"],
        requested_by=user,
        expires=read_end(expires, today),
        requested_on=today,
    )


def _read_end(option: str, text: str) -> datetime:
    from policy.app.ends import parse_end

    time = _read_time(option, text)
    return parse_end(text, option) or time


def _read_time(option: str, text: str) -> datetime:
    from policy.language.cases import parse_time

    time = parse_time(text)
    # Whose noon is meant by a time without a zone nobody can tell; a date is one in UTC.
    if time is None or ("T" in text.upper() and datetime.fromisoformat(text).tzinfo is None):
        remedy = "write a date, 2026-12-31, or a time with its zone, 2026-12-31T12:00:00Z"
        raise PolicyError(Problem(f"`{option}`: `{text[:40]}` is not a time", remedy))
    return time
