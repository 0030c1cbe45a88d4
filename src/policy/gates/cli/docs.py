"""`policy docs`: a page for every policy in force, and an index of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.documentation import apply_changes, compare_pages, make_pages
from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say, say_aside
from policy.gates.cli.workspace import open_here
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from policy.app.documentation import PageChanges

DEFAULT_FOLDER = "docs/policies"


@click.command("docs")
@click.option(
    "--output", "-o", "folder", metavar="FOLDER", default=DEFAULT_FOLDER, show_default=True, help="Where the pages are."
)
@click.option("--check", is_flag=True, help="Write nothing; name the pages that are out of date.")
@config_option
def command(folder: str, check: bool, config: str | None) -> int:
    """Write a Markdown page for every policy in force, and an index by area, framework and gate.

    A page says what the policy requires and why, what it does at each gate, examples that fail and pass, what it
    looks at, its parameters, and the controls that it serves. Pages of policies that are no longer in force are
    removed; other files in the folder stay as they are.

    Exit codes: 0 all is up to date or was written, 1 with --check a page is not, 2 a policy or a file is wrong.
    """
    pages = make_pages(open_here(config, with_cases=True), folder)
    changes = compare_pages(pages, folder)
    if check:
        return report_changes(changes, len(pages), folder)
    apply_changes(pages, changes, folder)
    written = len(changes.missing) + len(changes.stale)
    removed = f", {len(changes.orphaned):,} removed" if changes.orphaned else ""
    say(f"{count_noun(len(pages), 'page')} in {folder}: {written:,} written{removed}")
    return 0


def report_changes(changes: PageChanges, count: int, folder: str) -> int:
    """Name each page that is not as it should be, and how to mend it."""
    for said, places in zip(("missing", "out of date", "of no policy in force"), changes, strict=True):
        for place in places:
            say(f"{os.path.join(folder, place)}: {said}")
    if not changes.total:
        say(f"{count_noun(count, 'page')} in {folder}: up to date")
        return 0
    option = "" if folder == DEFAULT_FOLDER else f" --output {folder}"
    say_aside(f"{count_noun(changes.total, 'page')} not up to date\n  help: run `policy docs{option}`")
    return 1
