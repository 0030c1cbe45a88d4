"""`policy check`: judge what is below some paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policy.app.checking import Check, CheckRequest, exit_code
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.outputs import Output, parse_targets
from policy.gates.cli.problems import print_problems, use_colour

if TYPE_CHECKING:
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
    help="A report format (text, json) and the file it goes to; without a file, standard output. Repeatable.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["block", "hold", "flag"]),
    default="block",
    show_default=True,
    help="The mildest verdict that ends with exit code 1.",
)
@time_option
@config_option
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes to use; by default as many as the work is worth."
)
def command(
    paths: tuple[str, ...],
    gate: str,
    outputs: tuple[str, ...],
    fail_on: str,
    now: datetime,
    config: str | None,
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
    """
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
    )
    check = Check(request)
    outs = [Output(target, reporter) for target, reporter in zip(targets, check.bench.reporters, strict=True)]
    try:
        _write(check, outs)
    finally:
        for out in outs:
            out.discard()
    if not check.summary.subjects and not any(problem.level == "error" for problem in check.problems):
        raise NothingToJudgeError(
            Problem(
                f"there is nothing to judge in {' '.join(request.paths)}: no ml-manifest.yaml and no training config",
                "write an ml-manifest.yaml, or name the folder that holds one",
            )
        )
    return exit_code(check.summary, check.problems, fail_on)


def _write(check: Check, outs: list[Output]) -> None:
    for out, context in zip(outs, check.bench.contexts, strict=True):
        out.start(out.reporter.start(context))
    for rendered in check.run():
        for out, text in zip(outs, rendered.texts, strict=True):
            out.add(rendered.verdict, text)
    print_problems(check.problems, check.bench.contexts[0].show_path)
    for out, context in zip(outs, check.bench.contexts, strict=True):
        out.finish(out.reporter.finish(check.summary, check.problems, context))
