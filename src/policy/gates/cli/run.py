"""`policy run -- COMMAND`: judge the project here, and become the command where it is allowed."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import click

from policy.app.checking import CheckRequest
from policy.errors import PolicyError, Problem
from policy.gates.cli.check import open_check, write_reports
from policy.gates.cli.options import config_option, trusted_option
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import print_problems
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import say_aside, use_colour
from policy.gates.cli.targets import Target
from policy.loading.nearest import find_nearest

if TYPE_CHECKING:
    from policy.app.checking import Check

GATE = "run"
BLOCKED, HELD = 1, 4
ADDRESS = "MLFLOW_TRACKING_URI"


@click.command("run")
@click.argument("arguments", nargs=-1, required=True, metavar="-- COMMAND [ARGUMENT]...")
@config_option
@trusted_option
def command(arguments: tuple[str, ...], config: str | None, trusted: str | None) -> int:
    """Judge the project here at the gate `run`, and run the command where nothing blocks or holds it.

    The project is that of the nearest ml-manifest.yaml, from here up to the repository's root; without one, what is
    below here. The report goes to standard error, so that standard output is the command's alone.

    \b
    policy run -- python train.py
    policy run -- axolotl train config.yaml

    Exit codes: those of the command; where it is not run 1 blocked, 2 the input is wrong, 3 nothing to judge, 4 held
    for approval.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    program = find_program(arguments[0])
    manifest = find_nearest()
    place = os.path.relpath(os.path.dirname(manifest)) if manifest is not None else "."
    with redirect_stdout(sys.stderr):
        formats = (("text", use_colour()),)
        # In one process: it knows what passed by an approval, on which this run is counted.
        request = CheckRequest(
            (place,), GATE, datetime.now(UTC), config=config, formats=formats, trusted=trusted, jobs=1
        )
        check = open_check(request)
        with show_progress():
            code = write_reports(check, [Output(Target("text", None), check.bench.reporters[0])])
    code = code or count_run(check)
    if code in (BLOCKED, HELD):
        say_server(os.environ.get(ADDRESS, ""))
    return code or become(program, arguments)


def count_run(check: Check) -> int:
    """Count the run on the approvals that let it begin; the exit code of what is held where one covers no more.

    Raises PolicyError where that cannot be recorded.
    """
    decider = check.bench.decider
    if decider is None or not decider.passed:
        return 0
    from secrets import token_hex

    if decider.count(f"policy-run-{token_hex(8)}"):
        return 0
    message = "the approval covers no more runs: others have begun the last ones at this moment"
    print_problems([Problem(message, "run it again, which asks for another approval")])
    return HELD


def say_server(address: str) -> None:
    """Where runs may be judged by a server, say that this was not its judgement, and how to get that."""
    if not address.startswith(("http://", "https://")):
        return
    text = f"`{ADDRESS}` names a server, which was not asked: where it is one that judges runs, its policies, waivers"
    say_aside(f"note: {text} and approvals count for them, and the program is started without `policy run`")


def find_program(name: str) -> str:
    """The program's path. Raises PolicyError where there is none: nothing needs to be judged for it."""
    from shutil import which

    found = which(name)
    if found is None:
        message = f"there is no command `{name}` that could be run"
        raise PolicyError(Problem(message, "write `policy run -- COMMAND`, with a program on the PATH or its path"))
    return found


def become(program: str, arguments: tuple[str, ...]) -> NoReturn:
    """Go on as the program: signals, input, output and the exit code are its own. Raises PolicyError."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(program, arguments)  # noqa: S606 - running it is what was asked for
    except OSError as error:
        message = f"`{program}` cannot be run: {error.strerror}"
        raise PolicyError(Problem(message, "name a program that can")) from None
