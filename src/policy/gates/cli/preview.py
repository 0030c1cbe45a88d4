"""`policy preview`: what another policy set would have made of the decisions that are recorded."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from policy.app.previewing.period import read_period
from policy.engine.recording import write_time
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.ledger_options import ledger_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.sinks import open_sinks
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.gates.cli.usage import NameOf
from policy.model.gates import GATES
from policy.reports.preview.document import JsonPreview
from policy.reports.preview.markdown import MarkdownPreview
from policy.reports.preview.text import TextPreview
from policy.reports.preview.view import PreviewContext
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.ledgers.locating import Place
    from policy.app.previewing.running import PreviewRun
    from policy.app.set_diff.sides import Side
    from policy.app.workspace import Workspace
    from policy.gates.cli.sinks import Sink
    from policy.gates.cli.targets import Target
    from policy.records.ledger import Ledger

    Form = TextPreview | JsonPreview | MarkdownPreview

FORMS: dict[str, type[Form]] = {"text": TextPreview, "json": JsonPreview, "markdown": MarkdownPreview}


class Scope(NamedTuple):
    """Which decisions are judged again, and as at when."""

    since: str
    until: str
    gate: str | None
    project: str | None
    at: datetime | None
    now: datetime


@click.command("preview")
@click.argument("new", metavar="NEW_SET")
@click.option(
    "--since", default="90d", show_default=True, metavar="WHEN", help="Only decisions since then: 90d, or a date."
)
@click.option("--until", metavar="WHEN", help="Only decisions up to then; a date is part of it.")
@click.option("--gate", type=NameOf("gate", GATES), help="Only decisions at this gate; by default at all.")
@click.option("--project", metavar="GLOB", help="Only decisions about projects whose name fits, such as search-*.")
@click.option(
    "--effective-time",
    "at",
    metavar="TIME",
    help="Judge all as at this date (2026-12-31) or time instead of as at the time of each.",
)
@ledger_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A format (text, json, markdown) and the file it goes to; without a file, standard output. Repeatable.",
)
@click.option("--exit-code", "tell", is_flag=True, help="End with 1 where a verdict differs.")
def command(
    new: str,
    since: str,
    until: str | None,
    gate: str | None,
    project: str | None,
    at: str | None,
    url: str | None,
    config: str | None,
    outputs: tuple[str, ...],
    *,
    tell: bool,
) -> int:
    """Judge what is recorded in the ledger again by the policy set NEW_SET, and say who would fare otherwise.

    NEW_SET is a folder with a policy.yaml, such a file, a bundle that is named with its digest, or else a revision of
    the repository; `.` or WORKTREE is the working tree. Each decision is judged on the facts that were recorded with
    it, and keeps the waivers and approvals that counted then; the waivers of NEW_SET, and those granted in the ledger
    by now, count beside them as if it were the trusted one. Nothing is recorded.

    \b
    policy preview .                          what the working tree's policies would have decided
    policy preview origin/main --since 30d --gate ci
    policy preview ../acme -o markdown=preview.md

    Exit codes: 0 judged again, 1 a verdict differs (with --exit-code only), 2 the input is wrong, 3 there is nothing
    to judge: no decision is recorded, or none that can be judged.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    targets = parse_targets(outputs, FORMS)
    now = datetime.now(UTC)
    scope = Scope(*read_period(since, until, now), gate, project, read_time(at), now)
    with ExitStack() as stack:
        run, sinks = prepare(new, scope, url, config, targets, stack)
        write_preview(run, sinks)
    return find_exit_code(run, tell=tell)


def read_time(text: str | None) -> datetime | None:
    """As at when all are judged. Raises PolicyError."""
    if text is None:
        return None
    from policy.language.cases import parse_time

    time = parse_time(text)
    if time is None:
        remedy = "write a date, 2026-12-31, or a time with its zone, 2026-12-31T12:00:00Z"
        raise PolicyError(Problem(f"`--effective-time`: `{text}` is not a time", remedy))
    return time


def prepare(
    new: str, scope: Scope, url: str | None, config: str | None, targets: Sequence[Target], stack: ExitStack
) -> tuple[PreviewRun, list[Sink]]:
    """Open the ledger, the policy set, and what reports are written to. Raises PolicyError."""
    from policy.app.previewing.running import PreviewRequest, PreviewRun, open_new
    from policy.app.set_diff.sides import Place as Here
    from policy.loading.discovery import find_root
    from policy.records.ledger import open_ledger

    root = find_root(".")
    place = open_place(url, config, targets)
    ledger = stack.enter_context(open_ledger(place.url, folder=place.folder, create=False))
    warnings = list(ledger.warnings)
    side, workspace = open_new(new, Here(root, config), stack, warnings)
    request = PreviewRequest(scope.since, scope.until, scope.now, scope.gate, scope.project, scope.at)
    run = PreviewRun(workspace, ledger, request, warnings)
    refuse_links(targets, root)
    refuse_inputs(targets, list_inputs(workspace, place))
    sinks = open_sinks(targets, FORMS, describe(run, side, workspace, ledger, scope), stack)
    print_problems(warnings)
    return run, sinks


def open_place(url: str | None, config: str | None, targets: Sequence[Target]) -> Place:
    """The ledger that is meant; no report takes the place of the policy set that names it. Raises PolicyError."""
    from policy.app.kept_files import list_set_files
    from policy.app.ledgers.locating import NAME_ONE, Place, find_named
    from policy.gates.cli.workspace import open_here

    if url is not None:
        refuse_inputs(targets, () if config is None else (config,))
        return Place(url)
    here = open_here(config)
    refuse_inputs(targets, list_set_files(here))
    return find_named(here, NAME_ONE)


def list_inputs(workspace: Workspace, place: Place) -> Iterator[str]:
    """The files that no report may take the place of."""
    from policy.app.kept_files import list_ledger_files, list_set_files

    yield from list_ledger_files(*place)
    yield from list_set_files(workspace)


def describe(run: PreviewRun, side: Side, workspace: Workspace, ledger: Ledger, scope: Scope) -> PreviewContext:
    """What reports may look at."""
    from policy.gates.cli.diff import describe_side

    at = write_time(scope.at) if scope.at is not None else None
    view = describe_side(side, workspace, run.digest)
    return PreviewContext(
        view, ledger.name, ledger.id, scope.since, scope.until, write_time(scope.now), scope.gate, scope.project, at
    )


def write_preview(run: PreviewRun, sinks: list[Sink]) -> None:
    """Judge, and write in every form what changes, as it is found."""
    for sink in sinks:
        sink.start()
    for change in run.run():
        for sink in sinks:
            sink.add(change)
    preview = run.finish()
    for sink in sinks:
        sink.finish(preview, run.warnings)
    print_problems(run.late)


def find_exit_code(run: PreviewRun, *, tell: bool) -> int:
    """The exit code of a preview that is done. Raises NothingToJudgeError."""
    counts, unjudged = run.tallies.counts, sum(run.unjudged.values())
    if not counts.judged:
        none = f"none of the {unjudged:,} recorded decisions can be judged again"
        said = none if unjudged else "no decision is recorded"
        message = f"there is nothing to preview: {said} from {run.request.since} to {run.request.until}"
        raise NothingToJudgeError(Problem(message, "name a longer time with `--since`, or another gate or project"))
    return 1 if tell and counts.unchanged < counts.judged else 0
