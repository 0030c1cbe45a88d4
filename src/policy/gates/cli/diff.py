"""`policy diff`: what changed between two policy sets, and which projects it gives another verdict."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from policy.app.kept_files import list_set_files
from policy.app.set_diff.running import Diff, DiffRequest
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.progress import show_progress
from policy.gates.cli.sinks import open_sinks
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.reports.diff.document import JsonDiff
from policy.reports.diff.markdown import MarkdownDiff
from policy.reports.diff.text import TextDiff
from policy.reports.diff.view import DiffContext, SideView
from policy.reports.diff.wording import list_other_gates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.set_diff.sides import Side
    from policy.app.workspace import Workspace
    from policy.gates.cli.sinks import Sink

    Form = TextDiff | JsonDiff | MarkdownDiff

FORMS: dict[str, type[Form]] = {"text": TextDiff, "json": JsonDiff, "markdown": MarkdownDiff}


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@gate_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A format (text, json, markdown) and the file it goes to; without a file, standard output. Repeatable.",
)
@click.option("--exit-code", "tell", is_flag=True, help="End with 1 where a meaning or a verdict differs.")
@time_option
@config_option
def command(
    old: str,
    new: str,
    paths: tuple[str, ...],
    gate: str,
    outputs: tuple[str, ...],
    now: datetime,
    config: str | None,
    *,
    tell: bool,
) -> int:
    """Say what changed between the policy sets OLD and NEW, and which projects below the PATHs they judge otherwise.

    OLD and NEW are each a folder with a policy.yaml, such a file, a bundle that is named with its digest, or else a
    revision of the repository; `.` or WORKTREE is the working tree. Of a revision the policy set is read from git's
    objects as `--policies-from` reads it. All projects are judged as they are in the working tree, by both policy
    sets on the same facts: evidence is collected with the settings of OLD. A plugin that only one of the two names
    is not imported. The waivers of both, those granted in their ledgers too, count as if each were the trusted one.

    \b
    policy diff origin/main .                       what this branch does to the policies
    policy diff v1 v2 teams/search --gate release   two revisions, the projects below one folder
    policy diff ../acme/policy.yaml . -o markdown

    Exit codes: 0 compared, 1 something differs (with --exit-code only), 2 the input is wrong, 3 nothing to compare, or
    nothing to judge in the PATHs that are named.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    targets = parse_targets(outputs, FORMS)
    with ExitStack() as stack:
        diff = Diff(DiffRequest(old, new, paths, gate, now, config), stack)
        refuse_links(targets, diff.root)
        refuse_inputs(targets, list_inputs(diff))
        sinks = open_sinks(targets, FORMS, make_context(diff), stack)
        stack.enter_context(show_progress())
        write_diff(diff, sinks)
        return find_exit_code(diff, paths, tell=tell)


def find_exit_code(diff: Diff, paths: tuple[str, ...], *, tell: bool) -> int:
    """The exit code of a comparison that is done. Raises NothingToJudgeError."""
    if any(problem.level == "error" for problem in diff.problems):
        return 2
    if tell and diff.differs:
        return 1
    if paths and not diff.counts.judged and not diff.unjudged:
        message = f"there is nothing to judge in {' '.join(paths)}: no ml-manifest.yaml, and nothing that trains"
        raise NothingToJudgeError(Problem(message, "leave the path out, or name the folder that holds one"))
    return 0


def list_inputs(diff: Diff) -> Iterator[str]:
    """The files that no report may take the place of."""
    for item in diff.items:
        for file in item.inputs:
            yield os.path.join(diff.root, file)
    for side in (diff.old, diff.new):
        yield from list_set_files(side)


def make_context(diff: Diff) -> DiffContext:
    """What reports may look at."""
    digests = diff.digests()
    views = [
        describe_side(side, workspace, digest)
        for side, workspace, digest in zip(diff.sides, (diff.old, diff.new), digests, strict=True)
    ]
    gate, time = diff.request.gate, diff.request.now.isoformat().replace("+00:00", "Z")
    others = list_other_gates(diff.changes, gate)
    return DiffContext(views[0], views[1], gate, time, diff.show_path, diff.evidence_differs, others)


def describe_side(side: Side, workspace: Workspace, digest: str) -> SideView:
    """One of the two as reports name it."""
    config = workspace.config
    if config is not None:
        prefix = f"{side.base.name}/" if side.base is not None else ""
        config = config.removeprefix(prefix) if prefix else workspace.show_path(config)
    return SideView(side.word, side.given, side.name, side.commit, config, digest)


def write_diff(diff: Diff, sinks: list[Sink]) -> None:
    """Judge, and write in every form what differs, as it is found."""
    for sink in sinks:
        sink.start(diff.changes)
    for change in diff.run():
        for sink in sinks:
            sink.add(change)
    print_problems(diff.warnings)
    print_problems(diff.problems, diff.show_path)
    problems = [*dict.fromkeys(diff.warnings), *diff.problems]
    for sink in sinks:
        sink.finish(diff.counts, diff.unjudged, problems)
