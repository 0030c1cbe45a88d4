"""`policy check`: judge what is below some paths."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from policy.app.checking import Check, CheckRequest, exit_code
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option, trusted_option
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import use_colour
from policy.gates.cli.targets import parse_targets, refuse_inputs
from policy.gates.cli.usage import NameOf
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@gate_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A report format (text, short, json) and the file it goes to; without a file, standard output. Repeatable.",
)
@click.option(
    "--fail-on",
    type=NameOf("verdict", ("block", "hold", "flag")),
    default="block",
    show_default=True,
    help="The mildest verdict that ends with exit code 1.",
)
@time_option
@config_option
@trusted_option
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes to use; by default as many as the work is worth.")
def command(
    paths: tuple[str, ...],
    gate: str,
    outputs: tuple[str, ...],
    fail_on: str,
    now: datetime,
    config: str | None,
    trusted: str | None,
    jobs: int | None,
) -> int:
    """Judge every project below the PATHs (by default: below here) and say what to do instead.

    A project is an ml-manifest.yaml and the training configs below its folder; a training config that no
    manifest covers is judged too. In a git repository, what git ignores is left out.

    \b
    policy check                                what is below here
    policy check examples/reply-tone            one folder, manifest or training config
    policy check --gate ci --output json=decisions.json --output text
    policy check --effective-time 2027-01-01    as it will be judged then

    Exit codes: 0 allowed, 1 blocked, 2 the input is wrong, 3 nothing to judge, 4 held for approval.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    targets = parse_targets(outputs)
    colour = use_colour()
    request = CheckRequest(
        paths=paths or (".",),
        gate=gate,
        now=now,
        fail_on=fail_on,
        config=config,
        formats=tuple((target.format, colour and target.path is None) for target in targets),
        jobs=jobs,
        trusted=trusted,
    )
    check = open_check(request)
    refuse_inputs(targets, list_inputs(check))
    with ExitStack() as stack:
        outs = []
        for target, reporter in zip(targets, check.bench.reporters, strict=True):
            outs.append(Output(target, reporter))
            stack.callback(outs[-1].discard)
        stack.enter_context(show_progress())
        write_reports(check, outs)
    if not check.summary.subjects and not any(problem.level == "error" for problem in check.problems):
        message = f"there is nothing to judge in {' '.join(request.paths)}: no ml-manifest.yaml and no training config"
        raise NothingToJudgeError(
            Problem(message, "`policy init` drafts an ml-manifest.yaml; or name the folder that holds one")
        )
    return exit_code(check.summary, check.problems, fail_on)


def open_check(request: CheckRequest) -> Check:
    """The run, before anything is judged. Raises PolicyError."""
    try:
        return Check(request)
    except PolicyError as error:
        raise relocate(error, find_root(request.paths[0])) from None


def list_inputs(check: Check) -> Iterator[str]:
    """The files that no report may take the place of."""
    workspace = check.bench.workspace
    for item in check.items:
        for file in (item.manifest, *item.candidates):
            if file is not None:
                yield os.path.join(workspace.root, file)
    for file in workspace.policy_set.layers:
        yield os.path.join(workspace.root, file)


def write_reports(check: Check, outs: list[Output]) -> None:
    """Judge, and write every report as the decisions come."""
    contexts = check.bench.contexts
    for out, context in zip(outs, contexts, strict=True):
        out.start(out.reporter.start(context))
    for rendered in check.run():
        for out, text in zip(outs, rendered.texts, strict=True):
            out.add(rendered.verdict, text)
    print_problems(check.problems, contexts[0].show_path)
    for out, context in zip(outs, contexts, strict=True):
        out.finish(out.reporter.finish(check.summary, check.problems, context))
