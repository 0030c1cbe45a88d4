"""Which projects a run judged of all that are there, where it was asked for those that a change touches."""

from __future__ import annotations

from typing import Final

from policy.structs import NamedTuple

UNTOUCHED: Final = "nothing in its folder, and nothing that it names, is changed"


class Touched(NamedTuple):
    """A manifest, or a file that no manifest covers, and why the change touches it."""

    path: str
    reason: str


class Selection(NamedTuple):
    """What was chosen by what is changed since a revision: `base` is the commit that was compared with.

    That is where the revision and HEAD part, unless it is `direct`: then the clone does not reach back so far. Of
    manifests there are `judged`, `skipped` and `gone` ones; `files` were looked at and have none; `projects` is how
    many there are.
    """

    revision: str
    commit: str
    base: str
    direct: bool
    judged: tuple[Touched, ...] = ()
    skipped: tuple[str, ...] = ()
    gone: tuple[Touched, ...] = ()
    files: tuple[Touched, ...] = ()
    projects: int = 0
