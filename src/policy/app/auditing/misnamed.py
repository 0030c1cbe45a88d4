"""Names that a report was asked for and that nothing in it has: most likely they are misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policy.model.audit import Scope


class Known(NamedTuple):
    """What there is of each kind, whether or not it is in scope."""

    policies: Collection[str]
    teams: Collection[str]
    frameworks: Collection[str]
    projects: Collection[str]


class Misnamed(NamedTuple):
    """A name that was given with an option, what it was to name, and which such names there are."""

    option: str
    noun: str
    name: str
    known: tuple[str, ...]


def find_misnamed(scope: Scope, known: Known) -> Iterator[Misnamed]:
    """The names of filters that nothing has. Where there is nothing at all, no name is to blame."""
    kinds = (
        ("policy", "policy", scope.policies, known.policies),
        ("team", "team", scope.teams, known.teams),
        ("framework", "framework", scope.frameworks, known.frameworks),
        ("project", "project", [name for name in scope.projects if not set("*?[") & set(name)], known.projects),
    )
    for option, noun, names, there in kinds:
        known_names = tuple(sorted(filter(None, there)))
        for name in names if known_names else ():
            if name not in known_names:
                yield Misnamed(f"--{option}", noun, name, known_names)
