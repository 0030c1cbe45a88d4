"""`policy approvals`: what waits for somebody's yes, and giving or refusing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from policy.gates.cli.approvals_acts import break_glass, delegate, review, waive
from policy.gates.cli.approvals_desk import open_desk, say_document, warn_of
from policy.gates.cli.approvals_server import (
    comment_there,
    list_there,
    server_option,
    show_there,
    vote_there,
    withdraw_there,
)
from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name
from policy.model.gates import GATES
from policy.reports.layout import clean

COMMANDS = (
    "approve",
    "ask",
    "break-glass",
    "comment",
    "delegate",
    "list",
    "reject",
    "review",
    "show",
    "waive",
    "withdraw",
)


class ApprovalCommands(click.Group):
    """Says of a wrong name what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise refuse_name("command", f"approvals {args[0]}", [f"approvals {name}" for name in COMMANDS])
        return super().resolve_command(ctx, args)


@click.group("approvals", cls=ApprovalCommands)
def command() -> None:
    """List what waits for approval, show one request, and decide on it; ask, delegate, comment, break the glass.

    You are whom the operating system says you are, and recorded as that: os:alice@host; with `--server` you are the
    user of that MLflow server. Who may decide what stands in the policy set, under `approvals`; who asked and who
    contributed never may.

    Exit codes: 0 done, 1 refused (not yours to decide, or too late), or what is shown was changed past the ledger's
    entries, 2 the input is wrong.
    """


output_option = click.option(
    "--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True
)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Decided and expired ones, too.")
@click.option("--project", metavar="NAME", help="Only those of a project.")
@output_option
@server_option
@config_option
def list_open(everything: bool, project: str | None, form: str, server: str | None, config: str | None) -> int:
    """List what waits, for whom and since when, and broken glass that nobody has reviewed.

    How a request stands is told by the entries of the ledger, and not by its tables. Where these say something else
    it is listed in any case, with a warning, and the exit code is 1.
    """
    from policy.app.approvals.documents import requests_document
    from policy.app.approvals.viewing import list_current_delegations, list_lost, view_requests
    from policy.gates.cli.approvals_text import summarise, write_list

    if server is not None:
        filters = {"state": "all" if everything else "", "project": project or ""}
        return list_there(server, config, {key: value for key, value in filters.items() if value}, form)
    with open_desk(config) as (workspace, ledger, _):
        views = view_requests(ledger, workspace.policy_set, everything=everything, project=project)
        delegations, lost = list_current_delegations(ledger), list_lost(ledger)
    if form == "json":
        say_document(requests_document(views, delegations))
    else:
        for line in write_list(views, delegations):
            say(line)
        say(summarise(views))
    return warn_of([*(doubt for view in views for doubt in view.doubts), *lost])


@command.command("show")
@click.argument("request")
@output_option
@server_option
@config_option
def show(request: str, form: str, server: str | None, config: str | None) -> int:
    """Show all of REQUEST: what is asked and why, what changed since the last yes, who decides, and what follows."""
    from policy.app.approvals.documents import requests_document
    from policy.app.approvals.viewing import view_request
    from policy.gates.cli.approvals_text import write_request

    if server is not None:
        return show_there(server, config, request, form)
    with open_desk(config) as (workspace, ledger, _):
        view = view_request(ledger, workspace.policy_set, request)
    if form == "json":
        say_document(requests_document([view]))
    else:
        for line in write_request(view):
            say(line)
    return warn_of(list(view.doubts))


@command.command("ask")
@click.argument("path", default=".")
@click.option("--gate", type=NameOf("gate", GATES), default="run", show_default=True, help="The gate that holds.")
@click.option("--runs", type=click.IntRange(1), help="For how many runs to ask; the policy set may allow fewer.")
@config_option
def ask(path: str, gate: str, runs: int | None, config: str | None) -> int:
    """Judge what is below PATH at a gate, and ask for all that is held; the same question is asked once.

    Exit codes: 0 everything passes, 1 something is blocked, 4 asked for, 2 the input is wrong.
    """
    from policy.app.approvals.asking import ask_at_gate
    from policy.app.approvals.rejections import find_last_no, say_no
    from policy.gates.cli.approvals_text import say_runs

    verdicts = []
    with open_desk(config, create=True) as (workspace, ledger, user):
        now = datetime.now(UTC)
        for answer in ask_at_gate(ledger, workspace, path, gate, requester=user, runs=runs, now=now):
            decision, asked = answer.decision, answer.asked
            verdicts.append(decision.verdict)
            named = decision.subject.project
            if asked is not None:
                how = "joined the open request" if asked.joined else "asked"
                say(clean(f"held   {named}: {how} {asked.row.id}; `policy approvals show {asked.row.id}`"))
                if runs is not None and asked.row.runs != runs:
                    say(clean(f"       {say_runs(asked, runs)}"))
                rejected = find_last_no(ledger, workspace.policy_set, decision)
                if rejected is not None:
                    say(clean(f"       {say_no(rejected)}"))
            else:
                why = "approved already" if answer.is_approved else "there is nothing to approve"
                say(clean(f"{decision.verdict:<6} {named}: {why}"))
    return 1 if "block" in verdicts else 4 if "hold" in verdicts else 0


@command.command("approve")
@click.argument("request")
@click.option("--reason", default="", help="Why, for those who read it later.")
@server_option
@config_option
def approve(request: str, reason: str, server: str | None, config: str | None) -> int:
    """Say yes to REQUEST."""
    return _vote(request, "approve", reason, server, config)


@command.command("reject")
@click.argument("request")
@click.option("--reason", required=True, help="Why; who asked reads it.")
@server_option
@config_option
def reject(request: str, reason: str, server: str | None, config: str | None) -> int:
    """Say no to REQUEST: one no is enough, and ends it."""
    return _vote(request, "reject", reason, server, config)


def _vote(request: str, answer: str, reason: str, server: str | None, config: str | None) -> int:
    from policy.app.approvals.desk import cast_vote
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.app.approvals.viewing import view_request
    from policy.gates.cli.approvals_text import write_vote

    if server is not None:
        return vote_there(server, config, request, answer, reason)
    with open_desk(config) as (workspace, ledger, user):
        reason = refuse_secrets(reason, "reason")
        row, voted = cast_vote(ledger, workspace.policy_set, request, answer, name=user, reason=reason)
        view = view_request(ledger, workspace.policy_set, row.id)
    for line in write_vote(view, answer, user, voted.behalf):
        say(line)
    return 0


@command.command("withdraw")
@click.argument("request")
@click.option("--reason", default="", help="Why.")
@server_option
@config_option
def withdraw(request: str, reason: str, server: str | None, config: str | None) -> int:
    """Take back REQUEST, which you asked for; it is over when nobody asks any more."""
    from policy.app.approvals.holding import find_settings
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.records.requests.closing import withdraw as take_back

    if server is not None:
        return withdraw_there(server, config, request, reason)
    with open_desk(config) as (workspace, ledger, user):
        left = take_back(ledger, request, user, refuse_secrets(reason, "reason"), find_settings(workspace.policy_set))
    say(clean(f"withdrawn {request}" + (f"; {' and '.join(left)} still ask" if left else "")))
    return 0


@command.command("comment")
@click.argument("request")
@click.argument("text")
@server_option
@config_option
def comment(request: str, text: str, server: str | None, config: str | None) -> int:
    """Say TEXT about REQUEST; it decides nothing."""
    from policy.app.approvals.secrecy import refuse_secrets
    from policy.records.requests.closing import comment as add_comment

    if server is not None:
        return comment_there(server, config, request, text)
    with open_desk(config) as (_, ledger, user):
        add_comment(ledger, request, user, refuse_secrets(text, "comment"))
    say(clean(f"commented on {request}"))
    return 0


for act in (break_glass, delegate, review, waive):
    command.add_command(act)
