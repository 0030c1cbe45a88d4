"""Colours on a terminal, and their absence everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "red": "\x1b[1;31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[1;33m",
    "blue": "\x1b[1;34m",
}
RESET = "\x1b[0m"


def paint(text: str, style: str, *, colour: bool) -> str:
    """The text in a style; plain without colour."""
    return f"{STYLES[style]}{text}{RESET}" if colour and text else text


def wants_colour(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether to colour what goes to a stream: only on a terminal that can, unless NO_COLOR is set (no-color.org)."""
    return terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
