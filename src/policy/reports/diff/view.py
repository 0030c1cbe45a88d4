"""What a report on two policy sets may look at beside the changes themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class SideView(NamedTuple):
    """One of the two: how it was named, what it is, its file as it is shown (None for the catalogue alone)."""

    word: str
    given: str
    name: str
    commit: str | None
    config: str | None
    digest: str


class DiffContext(NamedTuple):
    """What was compared and how it is shown; `show_path` turns a path from the root into one from the working folder.

    With `evidence_differs` the new set would collect evidence otherwise: that of the old one's settings was judged.
    `other_gates` are those that single changes are about, while the verdicts are those at `gate`.
    """

    old: SideView
    new: SideView
    gate: str
    time: str
    show_path: Callable[[str], str]
    evidence_differs: bool = False
    other_gates: tuple[str, ...] = ()
    colour: bool = False
