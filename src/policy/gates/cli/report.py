"""`policy report`: what decisions of a period come to, for those who audit."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.options import config_option, gate_option, time_option
from policy.gates.cli.outputs import Output, Whole
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.gates.cli.usage import refuse_name, suggest_name
from policy.loading.discovery import find_root
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from policy.app.auditing.gathering import AuditRequest, Gathered
    from policy.app.auditing.misnamed import Misnamed
    from policy.app.ledgers.locating import Place
    from policy.gates.cli.targets import Target
    from policy.model.audit import AuditReport, Scope

FORMATS = ("html", "csv", "markdown", "json")
SHOWN_ROWS = 200


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--team`, `--project`, `--policy` and `--framework`, each repeatable."""
    for name, metavar, said in (
        ("framework", "NAME", "Only policies that name this framework: nist-ai-rmf, eu-ai-act, iso-42001, your own."),
        ("policy", "ID", "Only this policy."),
        ("project", "NAME", "Only this project; `*` stands for anything."),
        ("team", "NAME", "Only projects that this team owns, by their last decision of the period."),
    ):
        target = {"policy": "policies"}.get(name, f"{name}s")
        command = click.option(f"--{name}", target, multiple=True, metavar=metavar, help=f"{said} Repeatable.")(command)
    return command


@click.command("report")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A format (html, csv, markdown, json; csv:TABLE for one table alone) and the file it goes to; without a file, "
    "standard output; by default markdown. Repeatable.",
)
@click.option("--since", metavar="TIME", help="The start: a date, a time, or a length before the end, such as 90d.")
@click.option("--until", metavar="TIME", help="The end: a date, which is part of it, or a time; by default now.")
@filter_options
@click.option(
    "--ledger",
    "url",
    metavar="ADDRESS",
    help="The ledger: sqlite:///FILE or postgresql://USER@HOST/DATABASE; without PATHs by default the policy set's.",
)
@click.option(
    "--entries",
    type=click.IntRange(1),
    help="Count the ledger's first so many entries, as it was when they were all; by default all.",
)
@click.option(
    "--rows",
    type=click.IntRange(1, 1_000_000),
    default=SHOWN_ROWS,
    show_default=True,
    help="How many rows of each table html and markdown show; csv and json have all.",
)
@gate_option
@time_option
@config_option
def command(
    paths: tuple[str, ...],
    outputs: tuple[str, ...],
    since: str | None,
    until: str | None,
    teams: tuple[str, ...],
    projects: tuple[str, ...],
    policies: tuple[str, ...],
    frameworks: tuple[str, ...],
    url: str | None,
    entries: int | None,
    rows: int,
    gate: str,
    now: datetime,
    config: str | None,
) -> int:
    """Report what decisions of a period come to: from the ledger, from the projects below the PATHs, or both.

    Without PATHs the recorded decisions of the ledger count. With PATHs, the projects below are judged as `policy
    check` judges them at the gate, and recorded nowhere; with PATHs and --ledger both count. The same inputs, period
    and --effective-time give the same bytes.

    \b
    policy report --since 2026-07-01 --until 2026-09-30 --output html=q3.html --output csv=q3.csv
    policy report --team support-ml --framework eu-ai-act --output html=report.html
    policy report . --gate release --output markdown
    policy report --since 90d --output csv:chain=chain.csv

    Exit codes: 0 the report is written, 2 the input is wrong or part of it could not be judged, 3 nothing is in
    scope, and the report says so.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    from policy.app.auditing.gathering import AuditRequest
    from policy.app.auditing.period import read_period
    from policy.model.audit import Scope

    targets = read_targets(outputs)
    scope = Scope(
        read_period(since, until, now), now.date().isoformat(), gate, paths, teams, projects, policies, frameworks
    )
    root = find_root(paths[0] if paths else ".")
    refuse_links(targets, root)
    place = open_place(url, config, targets) if url is not None or not paths else None
    request = AuditRequest(scope, now, place, entries, config)
    with ExitStack() as stack:
        stack.enter_context(show_progress())
        gathered = gather(request, root, lambda inputs: refuse_inputs(targets, inputs))
        for target in targets:
            write_report(target, gathered.report, rows, stack)
    print_problems(gathered.problems)
    print_problems(list(map(describe_misnamed, gathered.misnamed)))
    return conclude(gathered.report, gathered.problems, scope)


def read_targets(outputs: tuple[str, ...]) -> list[Target]:
    """Where to write what. Raises PolicyError."""
    from policy.reports.audit.tables import TABLES

    targets = parse_targets(outputs or ("markdown",))
    for target in targets:
        form, separator, table = target.format.partition(":")
        if form not in FORMATS or (separator and form != "csv"):
            raise refuse_name("format", target.format, FORMATS)
        if separator and table not in TABLES:
            raise refuse_name("table", table, TABLES)
    return targets


def open_place(url: str | None, config: str | None, targets: Sequence[Target]) -> Place:
    """The ledger that is meant; no report takes the place of it or of the policy set that names it.

    Raises PolicyError.
    """
    from policy.app.kept_files import list_ledger_files, list_set_files
    from policy.app.ledgers.locating import NAME_ONE, Place, find_named
    from policy.gates.cli.workspace import open_here

    if url is not None:
        refuse_inputs(targets, (*list_ledger_files(url), *([] if config is None else [config])))
        return Place(url)
    here = open_here(config)
    refuse_inputs(targets, list_set_files(here))
    return find_named(here, f"{NAME_ONE}, or folders whose projects are judged now")


def gather(request: AuditRequest, root: str, refuse: Callable[[Iterable[str]], None]) -> Gathered:
    """The report, with problems named as from the working folder. Raises PolicyError.

    What would take the place of a file that is read is refused before anything is judged.
    """
    from policy.app.auditing.gathering import gather_report
    from policy.records.faults import LedgerError

    try:
        return gather_report(request, refuse)
    except LedgerError:
        # It is about no file of the workspace.
        raise
    except PolicyError as error:
        raise relocate(error, root) from None


def write_report(target: Target, report: AuditReport, rows: int, stack: ExitStack) -> None:
    """One report, piece by piece."""
    out = Output(target, Whole())
    stack.callback(out.discard)
    for piece in render(target.format, report, rows):
        out.add("allow", piece)
    out.finish("")


def render(form: str, report: AuditReport, rows: int) -> Iterator[str]:
    """The pieces of a report in a format."""
    if form == "html":
        from policy.reports.audit.page import write_page

        return write_page(report, rows)
    if form == "markdown":
        from policy.reports.audit.markdown import write_markdown

        return write_markdown(report, rows)
    if form == "json":
        from policy.reports.audit.document import write_document

        return write_document(report)
    from policy.reports.audit.csv_tables import write_all, write_one

    table = form.partition(":")[2]
    return write_one(report, table) if table else write_all(report)


def describe_misnamed(found: Misnamed) -> Problem:
    """That nothing has a name which was asked for, and which name is most likely meant."""
    elsewhere = "leave the filter out to see all that there are"
    message = f"`{found.option}`: there is no {found.noun} {quote_name(found.name)} in the period"
    return Problem(message, suggest_name(found.name, found.known, elsewhere), level="warning")


def conclude(report: AuditReport, problems: list[Problem], scope: Scope) -> int:
    """The exit code; that nothing is in scope is said."""
    if any(problem.level == "error" for problem in problems):
        return 2
    if report.counts.decisions:
        return 0
    since = f"from {scope.period.since} " if scope.period.since else ""
    message = f"nothing is in scope: there is no decision {since}up to {scope.period.until}"
    print_problems([Problem(message, "ask for another period, or fewer filters; the report says the same")])
    return NothingToJudgeError.exit_code
