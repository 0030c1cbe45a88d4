"""`policy doctor`: whether everything is there that the gates need."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from policy.app.workspace import open_workspace
from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say
from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.diagnosing.findings import Finding

FOUND = 1


@click.command("doctor")
@config_option
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="How to print what was found.")
def command(config: str | None, output: str) -> int:
    """Look at versions, plugins, the policy set, the ledger, its signatures and clocks, and say what is wrong.

    The exit code is 1 where anything is an error, and 0 otherwise.
    """
    from policy.app.diagnosing.diagnosis import diagnose
    from policy.app.diagnosing.findings import ERROR

    findings = list(diagnose(partial(open_workspace, None, config), "."))
    if output == "json":
        from policy.reports.json_report import write_json

        say(write_json({"format": "policy-diagnosis/1", "findings": [finding._asdict() for finding in findings]}))
    else:
        say("\n".join(write_lines(findings)))
    return FOUND if any(finding.level == ERROR for finding in findings) else 0


def write_lines(findings: list[Finding]) -> Iterator[str]:
    """A line a finding, and what to do below it."""
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        yield f"{finding.level:<8} {finding.what:<{width}}  {show_text(finding.message)}"
        if finding.remedy:
            yield f"{'':<8} {'':<{width}}  help: {show_text(finding.remedy)}"
