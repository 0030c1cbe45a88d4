"""`policy version`: what is running."""

from __future__ import annotations

import sys

import click

from policy.__about__ import __version__
from policy.gates.cli.streams import say


@click.command("version")
def command() -> int:
    """Print the version of tunegate and of Python."""
    say(f"tunegate {__version__} (Python {sys.version.split()[0]})")
    return 0
