"""Which reports are asked for and where they go: `--output FMT[=FILE]`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Target(NamedTuple):
    """A format and where it goes; path None is standard output."""

    format: str
    path: str | None


def parse_targets(values: tuple[str, ...]) -> list[Target]:
    """`FMT` or `FMT=PATH`, several times; without any, text on standard output. Raises PolicyError."""
    targets = []
    for value in values or ("text",):
        name, separator, path = value.partition("=")
        if separator and not path:
            raise PolicyError(Problem(f"`--output {value}` names no file", f"write --output {name}=FILE"))
        targets.append(Target(name, path or None))
    places = [target.path and os.path.realpath(target.path) for target in targets]
    if len(set(places)) < len(places):
        raise PolicyError(Problem("two reports go to the same place", "give each a file: --output json=report.json"))
    return targets


def refuse_inputs(targets: Iterable[Target], inputs: Iterable[str]) -> None:
    """Raises PolicyError where a report would take the place of a file that is judged or judged by."""
    kept = {os.path.realpath(file) for file in inputs}
    for target in targets:
        if target.path is not None and os.path.realpath(target.path) in kept:
            message = f"the report would overwrite `{target.path}`, which this run reads"
            raise PolicyError(Problem(message, "name another file"))
