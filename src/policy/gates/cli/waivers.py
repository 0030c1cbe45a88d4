"""`policy waivers`: every waiver and how it stands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from policy.gates.cli.options import config_option, gate_option, time_option, trusted_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here
from policy.reports.layout import clean, count_noun, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policy.app.waivers.listing import Listing
    from policy.model.waiver_entry import Standing

FORMAT: Final = "policy-waiver-list/1"


@click.command("waivers")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@gate_option
@time_option
@config_option
@trusted_option
def command(form: str, gate: str, now: datetime, config: str | None, trusted: str | None) -> int:
    """List the waivers of the policy set and those granted in its ledger: whether each counts and if not, why.

    active and expiring (it ends soon) waivers count; pending ones are still to be approved, or their approval
    cannot be shown; refused ones cannot count as they are; expired ones are over. A waiver that names no project
    here is marked as used: no. Which ones are needed a run of `policy check` tells. Of the ledger those are listed
    that are in force; `policy approvals list` shows what is still to be granted.

    Exit codes: 0 all are listed, 2 the input is wrong, or the ledger could not be asked and only files are listed.
    """
    from policy.app.waivers.listing import list_waivers

    workspace = open_here(config)
    listing = list_waivers(workspace, gate=gate, now=now, trusted=trusted)
    print_problems(listing.problems, lambda file: os.path.relpath(os.path.join(workspace.root, file)))
    print_problems(listing.unasked)
    if form == "json":
        import json

        say(json.dumps(listing_document(listing), indent=2))
    else:
        for line in write_listing(listing, workspace.root):
            say(line)
        said = f"{summarise(listing.standings)}{' in files' if listing.unasked else ''}"
        say(clean(f"{said}; the ledger {listing.ledger} could not be asked" if listing.unasked else said))
    # Who knows of no waiver must not take that for none.
    return 2 if listing.unasked else 0


def listing_document(listing: Listing) -> dict[str, Any]:
    """The list for programs, every key always there."""
    from policy.reports.json_report import waiver_document

    ledger = {"address": listing.ledger, "asked": not listing.unasked} if listing.ledger else None
    waivers = [waiver_document(standing) for standing in listing.standings]
    return {"format": FORMAT, "revision": listing.revision or None, "ledger": ledger, "waivers": waivers}


def write_listing(listing: Listing, root: str) -> Iterator[str]:
    """A few lines for each waiver."""
    for standing in listing.standings:
        entry = standing.entry
        yield clean(
            f"{standing.state:<9} {entry.policy} for {entry.subject}, until {entry.expires} ({say_end(standing)})"
        )
        if entry.location is not None:
            file = os.path.relpath(os.path.join(root, entry.location.file))
            named = f" [{entry.id}]" if entry.id else ""
            yield clean(f"    {file}:{entry.location.line}:{entry.location.column}{named}")
        if entry.request:
            yield clean(f"    request {entry.request} in the ledger {listing.ledger}")
        yield from _entry("reason", entry.reason)
        yield from _entry("owner", f"{entry.owner}; asked for by {entry.requested_by}{_say_approval(standing)}")
        for word, text in (("ticket", entry.ticket), ("control", entry.compensating_control)):
            if text:
                yield from _entry(word, text)
        for doubt in standing.doubts:
            yield from _entry("why", doubt.why)
            yield from _entry("help", doubt.remedy)
        if standing.used is False:
            yield from _entry("note", "it names no project here")


def say_end(standing: Standing) -> str:
    """How long it still holds."""
    if standing.days_left < 0:
        return f"{count_noun(-standing.days_left, 'day', 'days')} ago"
    return f"{count_noun(standing.days_left, 'day', 'days')} left"


def _say_approval(standing: Standing) -> str:
    entry = standing.entry
    if not entry.approved_by:
        return ""
    # What the ledger holds was granted there, whatever else stands against it.
    word = "granted" if entry.request else "approved" if standing.counts else "by its own word approved"
    by = f"; {word} by {entry.approved_by}"
    return f"{by} on {entry.approved_on}" if entry.approved_on else by


def _entry(word: str, text: str) -> list[str]:
    return wrap(clean(text), f"    {word}: ", " " * (len(word) + 6))


def summarise(standings: Sequence[Standing]) -> str:
    """The last line: counts by state."""
    if not standings:
        return "there are no waivers"
    states = [standing.state for standing in standings]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"{count_noun(len(states), 'waiver')}: {counts}"
