"""`policy run -- COMMAND`: judge the project here, and become the command where it is allowed."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import NoReturn

import click

from policy.app.checking import CheckRequest
from policy.errors import PolicyError, Problem
from policy.gates.cli.check import open_check, write_reports
from policy.gates.cli.options import config_option, trusted_option
from policy.gates.cli.outputs import Output
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import use_colour
from policy.gates.cli.targets import Target
from policy.loading.nearest import find_nearest

GATE = "run"


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
        request = CheckRequest((place,), GATE, datetime.now(UTC), config=config, formats=formats, trusted=trusted)
        check = open_check(request)
        with show_progress():
            code = write_reports(check, [Output(Target("text", None), check.bench.reporters[0])])
    return code or become(program, arguments)


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
