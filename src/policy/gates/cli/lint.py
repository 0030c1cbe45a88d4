"""`policy lint`: mistakes and bad style in policy files."""

from __future__ import annotations

import click

from policy.app.policy_files import read_policy_files
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.workspace import open_here
from policy.language.lint import RULES, lint_policy
from policy.reports.layout import count_noun


@click.command("lint", epilog="\b\nRules of style:\n" + "\n".join(f"{rule}: {about}" for rule, about in RULES.items()))
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@config_option
def command(paths: tuple[str, ...], config: str | None) -> int:
    """Check policy files: those at the PATHs, or of every policy in force.

    First the type check (unknown fields and keys, values outside an enumeration, comparisons that make no
    sense, unused parameters, ids used twice), then style: no fix, no because, a threshold that is no parameter,
    a bare `each`, a `present` that more knowledge can turn around, and more.

    Exit codes: 0 nothing found, 1 a finding of style, 2 a file is wrong.
    """
    workspace = open_here(config, with_cases=True)
    files, problems = read_policy_files(workspace, paths)
    if not files and not problems:
        raise NothingToJudgeError(Problem("there are no policies here", "name a policy file, or a folder of policies"))
    findings = [finding for file in files for finding in lint_policy(file.policy, file.document)]
    print_problems([*problems, *findings])
    broken = {problem.location.file for problem in problems if problem.location} - {
        file.document.file for file in files
    }
    counts = {"policy file": len(files) + len(broken), "error": len(problems), "warning": len(findings)}
    say(", ".join(count_noun(count, noun) for noun, count in counts.items()))
    if problems:
        return 2
    return 1 if findings else 0
