"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.usage import NameOf
from policy.model.gates import GATES

if TYPE_CHECKING:
    from collections.abc import Callable


def gate_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--gate`."""
    return click.option(
        "--gate",
        type=NameOf("gate", GATES),
        default="check",
        show_default=True,
        help="The gate to judge at; effects and modes differ by gate.",
    )(command)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
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


def trusted_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--trusted-revision`."""
    return click.option(
        "--trusted-revision",
        "trusted",
        metavar="REVISION",
        envvar="POLICY_TRUSTED_REVISION",
        help="The revision that shows which waivers are approved, such as origin/main; "
        "at the gates check and commit the policy set can name it.",
    )(command)


def base_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--policies-from`."""
    return click.option(
        "--policies-from",
        "policies_from",
        metavar="REVISION",
        help="Judge by the policy set, waivers and plugins of this revision, such as origin/main, read from git; "
        "those of the working tree are shown as proposed and enforce nothing.",
    )(command)


def change_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--changed-since`."""
    return click.option(
        "--changed-since",
        "changed_since",
        metavar="REVISION",
        help="Judge only the projects that are touched by what is changed since HEAD left this revision, such as "
        "origin/main, committed or not.",
    )(command)


def baseline_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--baseline`."""
    return click.option(
        "--baseline",
        metavar="FILE",
        type=click.Path(),
        help="Findings that are known, as `policy baseline` recorded them: they are shown and fail nothing, new and "
        "worsened ones do. At the gates check, commit and ci; with --policies-from it is that revision's file.",
    )(command)


def _read_time(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC).replace(microsecond=0)
    from policy.language.cases import parse_time

    time = parse_time(value)
    if time is None:
        remedy = "write a date, 2026-12-31, or a time with its zone, 2026-12-31T12:00:00Z"
        raise PolicyError(Problem(f"`--effective-time`: `{value}` is not a time", remedy))
    return time
