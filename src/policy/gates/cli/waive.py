"""`policy waive`: ask for an exception to a policy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.explain import find_policy
from policy.gates.cli.options import config_option, time_option
from policy.gates.cli.streams import say
from policy.gates.cli.workspace import open_here
from policy.model.kinds import DATE, KindError

if TYPE_CHECKING:
    from datetime import date, datetime


@click.command("waive")
@click.argument("policy_id", metavar="POLICY")
@click.option("--project", required=True, metavar="GLOB", help="The project, or a pattern: support-* is several.")
@click.option("--reason", required=True, help="Why the policy cannot be met now.")
@click.option("--expires", required=True, metavar="DATE", help="The last day on which it is to hold.")
@click.option("--owner", required=True, help="Who sees to it that it can end.")
@click.option("--ticket", default="", help="Where the work towards its end is tracked.")
@click.option("--compensating-control", default="", help="What keeps the risk down meanwhile.")
@click.option("--id", "name", default="", help="What the waiver is to be called.")
@click.option("--requested-by", help="Who asks; by default git's user.name.")
@click.option("--file", "file", type=click.Path(), help="The waiver file; by default the policy set's first.")
@time_option
@config_option
def command(
    policy_id: str,
    project: str,
    reason: str,
    expires: str,
    owner: str,
    ticket: str,
    compensating_control: str,
    name: str,
    requested_by: str | None,
    file: str | None,
    now: datetime,
    config: str | None,
) -> int:
    """Ask for a waiver of POLICY: a dated exception for some projects, which somebody else has to approve.

    Writes a request to the waiver file, as its last entry, and says what comes next. A request changes no
    decision until it is approved and stands at the trusted revision.

    \b
    policy waive volatile-data --project support-bot --owner support-ml --expires 2027-01-31 \\
      --reason "the price list moves to retrieval in January" --ticket ML-123
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    from datetime import UTC

    from policy.app.waivers.requests import request_waiver
    from policy.model.waiver_entry import WaiverEntry

    workspace = open_here(config)
    policy = find_policy(workspace.policy_set, policy_id)
    today = now.astimezone(UTC).date()
    texts = {
        "subject": project,
        "reason": reason,
        "owner": owner,
        "requested_by": find_requester() if requested_by is None else requested_by,
        "ticket": ticket,
        "compensating_control": compensating_control,
        "id": name,
    }
    refuse_texts(texts)
    said = {key: " ".join(text.split()) for key, text in texts.items()}
    entry = WaiverEntry(
        policy=policy.id,
        subject=said["subject"],
        reason=said["reason"],
        owner=said["owner"],
        requested_by=said["requested_by"],
        expires=read_end(expires, today),
        id=said["id"],
        ticket=said["ticket"],
        compensating_control=said["compensating_control"],
        requested_on=today,
        layer=workspace.config or "",
    )
    written = request_waiver(workspace, entry, file)
    say(f"asked for a waiver of `{policy.id}` for {entry.subject} until {entry.expires}, in {written.file}")
    for step in written.steps:
        say(f"  next: {step}")
    return 0


def read_end(text: str, today: date) -> date:
    """The day in `--expires`. Raises PolicyError for none, and for one that is over."""
    try:
        end: date = DATE.read(text, plain=True)
    except KindError as error:
        raise PolicyError(Problem(f"`--expires`: {error.message}", error.remedy)) from None
    if end < today:
        raise PolicyError(Problem(f"`--expires`: {end} is over", f"name a day from {today} on"))
    return end


def refuse_texts(texts: dict[str, str]) -> None:
    """Raises PolicyError for options that are blank where something is needed, or that hold control characters."""
    problems = []
    for key, text in texts.items():
        option = "--project" if key == "subject" else f"--{key.replace('_', '-')}"
        if not text.strip() and key in ("subject", "reason", "owner", "requested_by"):
            remedy = "say who asks: `--requested-by NAME`" if key == "requested_by" else "write something"
            problems.append(Problem(f"`{option}` is blank", remedy))
        elif not " ".join(text.split()).isprintable():
            problems.append(Problem(f"`{option}` holds a character that cannot be printed", "leave it out"))
    if problems:
        raise PolicyError(*problems)


def find_requester() -> str:
    """The name that git knows whoever runs this by; empty where it knows none."""
    from policy.loading.git.commands import GitError, run_git

    try:
        return os.fsdecode(run_git(os.path.realpath("."), "config", "user.name", accepted=(0, 1))).strip()
    except GitError:
        return ""
