"""Which reports are asked for and where they go: `--output FMT[=FILE]`."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.gates.cli.usage import refuse_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

REMEDY: Final = "name another file"


class Target(NamedTuple):
    """A format and where it goes; path None is standard output."""

    format: str
    path: str | None


def parse_targets(values: tuple[str, ...], forms: Collection[str] | None = None) -> list[Target]:
    """`FMT` or `FMT=PATH`, several times; without any, text on standard output. Raises PolicyError.

    Where the `forms` are known already, no other one is taken.
    """
    targets = []
    for value in values or ("text",):
        name, separator, path = value.partition("=")
        if separator and not path:
            raise PolicyError(Problem(f"`--output {value}` names no file", f"write --output {name}=FILE"))
        if forms is not None and name not in forms:
            raise refuse_name("format", name, list(forms))
        targets.append(Target(name, path or None))
    places = [target.path and os.path.realpath(target.path) for target in targets]
    if len(set(places)) < len(places):
        raise PolicyError(Problem("two reports go to the same place", "give each a file: --output json=report.json"))
    return targets


def refuse_links(targets: Iterable[Target], root: str) -> None:
    """Raises PolicyError where a link leads a report out of the repository, or into git's own folder.

    Whoever proposes a change may propose such a link; a path that starts outside was named by whoever runs this.
    """
    root = os.path.realpath(root)
    for target in targets:
        if target.path is None:
            continue
        place, path = os.path.realpath(target.path), os.path.abspath(target.path)
        named = next((rest for start, rest in _split(path) if os.path.realpath(start) == root), None)
        if named is None:
            continue
        leads = "" if _is_below(place, root) else "out of the repository"
        own = os.path.join(root, ".git")
        if _is_below(place, own) and not _is_below(os.path.join(root, named), own):
            leads = "into git's own folder"
        if leads:
            message = f"the report's path `{target.path}` leads {leads} through a link, to `{place}`"
            raise PolicyError(Problem(message, "remove the link, or name the place itself"))


def _split(path: str) -> Iterator[tuple[str, str]]:
    """Every folder above a path, and the rest of it."""
    start, rest = os.path.split(path)
    while rest:
        yield start, path[len(start) :].lstrip(os.sep)
        start, rest = os.path.split(start)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def refuse_inputs(targets: Iterable[Target], inputs: Iterable[str]) -> None:
    """Raises PolicyError where a report would take the place of a file that the run reads or writes.

    Under whatever name: through links, too. What a file is that is there shows that it is no report, also where this
    run knows nothing of it.
    """
    named = [target.path for target in targets if target.path is not None]
    if not named:
        return
    places = {os.path.realpath(path): path for path in named}
    files = {found: path for path in named if (found := _identify(path)) is not None}
    for file in inputs:
        path = places.get(os.path.realpath(file))
        if path is None and files and (found := _identify(file)) is not None:
            path = files.get(found)
        if path is not None:
            raise PolicyError(Problem(f"the report would overwrite `{path}`, which this run reads", REMEDY))
    from policy.gates.cli.existing import find_kind  # most reports go to standard output

    for path in named:
        kind = find_kind(path)
        if kind:
            raise PolicyError(Problem(f"the report would overwrite `{path}`, which is {kind}", REMEDY))


def _identify(path: str) -> tuple[int, int] | None:
    """What two names of one file have in common; None where there is none, or no such one."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
