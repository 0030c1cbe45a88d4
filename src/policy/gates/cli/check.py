"""`policy check`: judge what is below some paths."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from policy.app.checking import Check, CheckRequest, exit_code
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.options import (
    base_option,
    baseline_option,
    change_option,
    config_option,
    gate_option,
    time_option,
    trusted_option,
)
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import hide_passwords, print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import use_colour
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.gates.cli.usage import NameOf
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policy.app.trusted.base import Base
    from policy.gates.cli.targets import Target


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
@baseline_option
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
    baseline: str | None,
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
            request = use_base(request, policies_from, targets, stack)
        if baseline is not None:
            request = use_baseline(request, baseline, targets)
        check = open_check(request, targets)
        refuse_links(targets, check.bench.workspace.root)
        if any(target.path is not None for target in targets):
            refuse_inputs(targets, list_inputs(check))
        outs = []
        for target, reporter in zip(targets, check.bench.reporters, strict=True):
            outs.append(Output(target, reporter))
            stack.callback(outs[-1].discard)
        stack.enter_context(show_progress())
        return write_reports(check, outs)


def use_base(request: CheckRequest, name: str, targets: list[Target], stack: ExitStack) -> CheckRequest:
    """The request with the policy set of a revision, which is at hand until the stack is closed. Raises PolicyError."""
    from policy.app.trusted.base import open_base

    try:
        base = stack.enter_context(open_base(find_root(request.paths[0]), name, request.config))
    except PolicyError as error:
        raise refuse(error, request, targets) from None
    return request._replace(base=base)


def use_baseline(request: CheckRequest, path: str, targets: list[Target]) -> CheckRequest:
    """The request with the findings that are known. Raises PolicyError."""
    from policy.app.baselines.opening import open_baseline

    try:
        return request._replace(baseline=open_baseline(find_root(request.paths[0]), path, request.gate, request.base))
    except PolicyError as error:
        raise refuse(error, request, targets) from None


def open_check(request: CheckRequest, targets: Sequence[Target] = ()) -> Check:
    """The run, before anything is judged. Raises PolicyError, which the reports at the `targets` have told by then."""
    try:
        return Check(request)
    except PolicyError as error:
        whole = error if request.base is None else add_mending(error, request, request.base)
        raise refuse(whole, request, targets) from None


def refuse(error: PolicyError, request: CheckRequest, targets: Sequence[Target]) -> PolicyError:
    """What is said of a run that ends before anything is judged, when reports for machines have said it."""
    root = find_root(request.paths[0])
    if targets:
        from policy.gates.cli.refusals import report_refusal  # most runs judge something

        error = report_refusal(error, request, targets, root)
    return relocate(error, root)


def add_mending(error: PolicyError, request: CheckRequest, base: Base) -> PolicyError:
    """The error, and what to do where it is the base that cannot be read."""
    from policy.app.trusted.base import BrokenBaseError
    from policy.app.trusted.mending import explain_broken_base

    if not isinstance(error, BrokenBaseError):
        return error
    return PolicyError(*error.problems, explain_broken_base(request, base))


def list_inputs(check: Check) -> Iterator[str]:
    """The files that no report may take the place of."""
    from policy.app.kept_files import list_set_files  # most runs write no file

    workspace = check.bench.workspace
    for item in check.items:
        for file in item.inputs:
            yield os.path.join(workspace.root, file)
    skipped = check.selection.skipped if check.selection is not None else ()
    known = check.request.baseline
    named = (known.file,) if known is not None and not check.request.recording else ()
    for file in (*skipped, *named):
        yield os.path.join(workspace.root, file)
    yield from list_set_files(workspace, check.request.home)


def write_reports(check: Check, outs: list[Output]) -> int:
    """Judge, write every report as the decisions come, and give the exit code."""
    reporters, contexts = check.bench.reporters, check.bench.contexts
    for out, reporter, context in zip(outs, reporters, contexts, strict=True):
        out.start(reporter.start(context))
    for rendered in check.run():
        for out, text in zip(outs, rendered.texts, strict=True):
            out.add(rendered.verdict, text)
    code, found = conclude(check)
    problems = hide_passwords(found)
    print_problems(problems, contexts[0].show_path)
    for out, reporter, context in zip(outs, reporters, contexts, strict=True):
        out.finish(reporter.finish(check.summary, problems, context._replace(exit_code=code)))
    return code


def conclude(check: Check) -> tuple[int, list[Problem]]:
    """The exit code, and all that is to be said of the input: also where there was nothing to judge."""
    problems, selection = check.problems, check.selection
    if check.summary.subjects or any(problem.level == "error" for problem in problems):
        return exit_code(check.summary, problems, check.request.fail_on), problems
    if selection is not None and (selection.projects or selection.gone):
        # There are projects, and none that the change touches: that was looked into.
        return 0, problems
    where = " ".join(check.request.paths)
    message = f"there is nothing to judge in {where}: no ml-manifest.yaml, and nothing that trains"
    remedy = "`policy init` drafts an ml-manifest.yaml; or name the folder that holds one"
    return NothingToJudgeError.exit_code, [*problems, Problem(message, remedy)]
