"""Finds the files that say under which licence data and models are."""

from __future__ import annotations

import os
import posixpath
from stat import S_ISLNK
from typing import TYPE_CHECKING, Any, TypeAlias

from policy.evidence.tools.readers import list_ancestors

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.errors import Problem
    from policy.evidence.licenses.statements import Statement

Cache: TypeAlias = "dict[tuple[str, int, int], tuple[Any, tuple[Problem, ...]]]"
"""What was read in one run, by path, size and time of change, with the problems met."""

CARD = "README.md"
CROISSANTS = ("croissant.json", "metadata.json")
PACKAGE = "datapackage.json"


class StatementFinder:
    """Looks in the folders of one project, `folder`; each file is read once. What cannot be read is noted."""

    def __init__(self, root: str, folder: str, problems: list[Problem], cache: Cache | None = None) -> None:
        self.root = root
        self.folder = folder
        self.problems = problems
        self._cache: Cache = {} if cache is None else cache

    def find_of_data(self, path: str) -> tuple[Statement, ...]:
        """What is said of a data file, its path relative to the root: in the nearest folder where anything is."""
        place = posixpath.dirname(path)
        for folder in (*list_ancestors(place), ""):
            found = [*self._list_cards(folder, place), *self._list_descriptions(folder, path)]
            if found:
                return tuple(found)
        return ()

    def find_card(self, folder: str) -> Statement | None:
        """What the card in a folder says, whatever it is of."""
        return self.find_file(posixpath.join(folder, CARD))

    def find_file(self, file: str) -> Statement | None:
        """What the card in a file says, whatever it is called."""
        card: Statement | None = self._read(file, _read_card)
        return card

    def _list_cards(self, folder: str, place: str) -> list[Statement]:
        card = self.find_card(folder)
        # Beside the data a card speaks of the data; in the project's folder it may speak of anything.
        is_beside = folder == place != self.folder
        return [card] if card is not None and (card.kind == "dataset" or (card.kind == "" and is_beside)) else []

    def _list_descriptions(self, folder: str, path: str) -> list[Statement]:
        found = [self._read(posixpath.join(folder, name), _read_croissant) for name in CROISSANTS]
        package = self._read(posixpath.join(folder, PACKAGE), _read_package)
        return [one for one in (*found, package.get(path) if package else None) if one is not None]

    def _read(self, file: str, read: Callable[[str, str, list[Problem]], Any]) -> Any:
        real = os.path.join(self.root, file)
        try:
            status = os.lstat(real)
            if S_ISLNK(status.st_mode) and os.path.exists(real):
                status = os.stat(real)
        except (OSError, ValueError):
            return None
        key = (real, status.st_size, status.st_mtime_ns)
        if key not in self._cache:
            problems: list[Problem] = []
            self._cache[key] = read(self.root, file, problems), tuple(problems)
        found, problems_met = self._cache[key]
        self.problems += [problem for problem in problems_met if problem not in self.problems]
        return found


# The readers are imported where there is a file for them.


def _read_card(root: str, file: str, problems: list[Problem]) -> Any:
    from policy.evidence.licenses.cards import read_card

    return read_card(root, file, problems)


def _read_croissant(root: str, file: str, problems: list[Problem]) -> Any:
    from policy.evidence.licenses.croissant import read_croissant

    return read_croissant(root, file, problems)


def _read_package(root: str, file: str, problems: list[Problem]) -> Any:
    from policy.evidence.licenses.data_packages import read_data_package

    return read_data_package(root, file, problems)
