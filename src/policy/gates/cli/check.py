"""`policy check`: judge what is below some paths."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from policy.app.checking import Check, CheckRequest, exit_code
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.options import base_option, change_option, config_option, gate_option, time_option, trusted_option
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import use_colour
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.gates.cli.usage import NameOf
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.trusted.base import Base


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@gate_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A report format (text, short, json, sarif, junit, github, gitlab, markdown, html, csv) and the file it goes "
    "to; without a file, standard output. Repeatable.",
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
@base_option
@change_option
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes to use; by default as many as the work is worth.")
def command(
    paths: tuple[str, ...],
    gate: str,
    outputs: tuple[str, ...],
    fail_on: str,
    now: datetime,
    config: str | None,
    trusted: str | None,
    policies_from: str | None,
    changed_since: str | None,
    jobs: int | None,
) -> int:
    """Judge every project below the PATHs (by default: below here) and say what to do instead.

    A project is an ml-manifest.yaml with the training configs below its folder, and the scripts and notebooks there
    that start a fine-tuning. A training config, script or notebook that no manifest covers is judged too. In a git
    repository, what git ignores is left out.

    \b
    policy check                                what is below here
    policy check examples/reply-tone            one folder, manifest, config, script or notebook
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
        changed_since=changed_since,
    )
    with ExitStack() as stack:
        if policies_from is not None:
            request = stack.enter_context(use_base(request, policies_from))
        check = open_check(request)
        refuse_links(targets, check.bench.workspace.root)
        if any(target.path is not None for target in targets):
            refuse_inputs(targets, list_inputs(check))
        outs = []
        for target, reporter in zip(targets, check.bench.reporters, strict=True):
            outs.append(Output(target, reporter))
            stack.callback(outs[-1].discard)
        stack.enter_context(show_progress())
        write_reports(check, outs)
    errors = any(problem.level == "error" for problem in check.problems)
    if not check.summary.subjects and not errors:
        if check.selection is not None and (check.selection.projects or check.selection.gone):
            # There are projects, and none that the change touches: that was looked into.
            return 0
        where = " ".join(request.paths)
        message = f"there is nothing to judge in {where}: no ml-manifest.yaml, and nothing that trains"
        raise NothingToJudgeError(
            Problem(message, "`policy init` drafts an ml-manifest.yaml; or name the folder that holds one")
        )
    return exit_code(check.summary, check.problems, fail_on)


@contextmanager
def use_base(request: CheckRequest, name: str) -> Iterator[CheckRequest]:
    """The request with the policy set of a revision, which is at hand as long as this lasts. Raises PolicyError."""
    from policy.app.trusted.base import open_base

    with open_base(find_root(request.paths[0]), name, request.config) as base:
        yield request._replace(base=base)


def open_check(request: CheckRequest) -> Check:
    """The run, before anything is judged. Raises PolicyError."""
    try:
        return Check(request)
    except PolicyError as error:
        if request.base is not None:
            error = add_mending(error, request, request.base)
        raise relocate(error, find_root(request.paths[0])) from None


def add_mending(error: PolicyError, request: CheckRequest, base: Base) -> PolicyError:
    """The error, and what to do where it is the base that cannot be read."""
    from policy.app.trusted.base import BrokenBaseError
    from policy.app.trusted.mending import explain_broken_base

    if not isinstance(error, BrokenBaseError):
        return error
    return PolicyError(*error.problems, explain_broken_base(request, base))


def list_inputs(check: Check) -> Iterator[str]:
    """The files that no report may take the place of."""
    workspace = check.bench.workspace
    for item in check.items:
        for file in item.inputs:
            yield os.path.join(workspace.root, file)
    # Of a base the same files of the working tree are what is proposed.
    prefix = f"{workspace.base.name}/" if workspace.base is not None else ""
    skipped = check.selection.skipped if check.selection is not None else ()
    for file in (*workspace.policy_set.layers, *skipped):
        yield os.path.join(workspace.root, file.removeprefix(prefix))


def write_reports(check: Check, outs: list[Output]) -> None:
    """Judge, and write every report as the decisions come."""
    reporters, contexts = check.bench.reporters, check.bench.contexts
    for out, reporter, context in zip(outs, reporters, contexts, strict=True):
        out.start(reporter.start(context))
    for rendered in check.run():
        for out, text in zip(outs, rendered.texts, strict=True):
            out.add(rendered.verdict, text)
    print_problems(check.problems, contexts[0].show_path)
    for out, reporter, context in zip(outs, reporters, contexts, strict=True):
        out.finish(reporter.finish(check.summary, check.problems, context))
