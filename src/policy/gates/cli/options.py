"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from policy.model.gates import GATES

if TYPE_CHECKING:
    from collections.abc import Callable


def gate_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--gate`."""
    return click.option(
        "--gate",
        type=click.Choice(GATES),
        default="check",
        show_default=True,
        help="The gate to judge at; effects and modes differ by gate.",
    )(command)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help="The policy set; without it the nearest policy.yaml, or pyproject.toml with [tool.policy], "
        "from the working folder up to the repository's root, and without any the whole catalogue.",
    )(command)


def time_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--effective-time`."""
    return click.option(
        "--effective-time",
        "now",
        metavar="TIME",
        callback=_read_time,
        help="Judge as at this date (2026-12-31) or time (2026-12-31T12:00:00Z) instead of now.",
    )(command)


def _read_time(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC).replace(microsecond=0)
    from policy.language.cases import parse_time

    time = parse_time(value)
    if time is None:
        raise click.BadParameter(f"`{value}` is not a time; write 2026-12-31 or 2026-12-31T12:00:00Z")
    return time
