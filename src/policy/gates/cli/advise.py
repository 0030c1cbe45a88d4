"""`policy advise`: which approach a project should take, by the policies that judge it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from policy.app.kept_files import list_set_files
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option, time_option
from policy.gates.cli.outputs import Output, Whole
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.streams import say_aside, use_colour
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.gates.cli.usage import suggest_name
from policy.gates.cli.workspace import open_here
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policy.app.advising import Advised
    from policy.app.workspace import Workspace
    from policy.gates.cli.targets import Target
    from policy.reports.advice.text import View

FORMATS = ("text", "markdown", "json")
ADVISED, WRONG, NOTHING = 0, 2, 3


@click.command("advise")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--ask", is_flag=True, help="Ask a few questions instead of reading a project.")
@click.option("--all", "everything", is_flag=True, help="Leave nothing out of the text.")
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A format (text, markdown, json) and the file it goes to; without a file, standard output. Repeatable.",
)
@time_option
@config_option
def command(
    paths: tuple[str, ...], outputs: tuple[str, ...], now: datetime, config: str | None, *, ask: bool, everything: bool
) -> int:
    """Say which approach each project below the PATHs (by default: below here) should take, and what to try first.

    The project is judged as if it took each approach in turn: prompts, a system prompt, few-shot, retrieval, tuning,
    or both. The policies that fail speak against an approach, and for those that they name instead. Every line names
    its policy; `policy explain` says more of it.

    \b
    policy advise                              what is below here
    policy advise examples/pricing-answers
    policy advise --ask                        from a few answers, before there is a manifest
    policy advise -o markdown=advice.md -o text

    Exit codes: 0 advice is given, 2 the input is wrong, 3 there is nothing to advise on.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    targets = parse_targets(outputs)
    refuse_formats(targets)
    if ask and paths:
        raise PolicyError(Problem("`--ask` is about a project that is not written down", "leave the PATHs out"))
    workspace = open_here(config, paths[0] if paths else ".")
    refuse_links(targets, workspace.root)
    refuse_inputs(targets, list_set_files(workspace))
    advised, start = ask_person(workspace, now) if ask else (read_projects(workspace, paths or (".",), now), "")
    refuse_inputs(targets, (os.path.join(workspace.root, file) for file in advised.files))
    write_outputs(workspace, targets, advised, everything=everything)
    if start and any(target.format == "text" and target.path is None for target in targets):
        say_aside(f"\nnext: `{start}` writes a manifest to go on from")
    return choose_code(advised)


def refuse_formats(targets: Sequence[Target]) -> None:
    """Raises PolicyError for a format that advice does not have."""
    for target in targets:
        if target.format not in FORMATS:
            message = f"there is no format `{target.format}` for advice"
            raise PolicyError(Problem(message, suggest_name(target.format, FORMATS)))


def read_projects(workspace: Workspace, paths: Sequence[str], now: datetime) -> Advised:
    """Advice about what is below the paths."""
    from policy.app.advising import advise_projects

    try:
        return advise_projects(workspace, paths, now)
    except PolicyError as error:
        raise relocate(error, find_root(paths[0])) from None


def ask_person(workspace: Workspace, now: datetime) -> tuple[Advised, str]:
    """Advice from answers at the terminal, and the command that starts a manifest with them."""
    from policy.app.advising import Advised, Interview
    from policy.gates.cli.interview import draft_command, interview
    from policy.gates.cli.questions import can_ask

    if not can_ask():
        remedy = "write an ml-manifest.yaml (`policy init` drafts it) and run `policy advise` without `--ask`"
        raise PolicyError(Problem("`--ask` needs a terminal, to ask questions and to read the answers", remedy))
    talk = Interview(workspace, now)
    interview(talk)
    advice = talk.advise()
    return Advised([advice], []), draft_command(talk.claims, advice.best)


def write_outputs(workspace: Workspace, targets: Sequence[Target], advised: Advised, *, everything: bool) -> None:
    """Write every report that was asked for; problems go to standard error."""
    from policy.reports.advice.text import View

    print_problems(advised.problems, workspace.show_path)
    colour = use_colour()
    with ExitStack() as stack:
        for target in targets:
            out = Output(target, Whole())
            stack.callback(out.discard)
            view = View(workspace.show_path, colour=colour and target.path is None, everything=everything)
            out.start(write_report(target.format, advised, view))
            out.finish("")


def write_report(form: str, advised: Advised, view: View) -> str:
    """The advice in one format."""
    if form == "json":
        from policy.reports.advice.document import write_document

        return write_document(advised.advice, advised.problems)
    if form == "markdown":
        from policy.reports.advice.markdown import write_markdown

        return write_markdown(advised.advice, view)
    from policy.reports.advice.text import write_text

    return write_text(advised.advice, view)


def choose_code(advised: Advised) -> int:
    """The exit code: wrong input counts before there being nothing to tell approaches apart by."""
    if any(problem.level == "error" for problem in advised.problems):
        return WRONG
    return ADVISED if any(advice.ranked for advice in advised.advice) else NOTHING
