"""The cards and licence files of a project, and what they say of the data and models that it uses."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.cards import CARD_NAME, read_card
from policy.evidence.license_texts import find_license_text
from policy.evidence.tools.readers import RepositoryContext, list_ancestors, rebase
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.training_configs import FoundConfig
    from policy.errors import Problem
    from policy.evidence.cards import Card


class FoundSource(NamedTuple):
    """One data set: a path relative to the folder, or a name; the licence that a card states, and hints at one."""

    path: str
    name: str
    split: str
    license: str = ""
    told_by: str = ""
    hint: str = ""


class CardFinder:
    """Finds the cards and licence files that speak of data in a folder; each is read once."""

    def __init__(self, root: str, folder: str, problems: list[Problem]) -> None:
        self.root = root
        self.folder = folder
        self.problems = problems
        self._cards: dict[str, Card | None] = {}

    def describe(self, path: str, name: str, split: str) -> FoundSource:
        """A data set with what its folder tells of its licence."""
        source = FoundSource(path, name, split)
        if not path:
            return source
        place = posixpath.normpath(posixpath.join(self.folder, posixpath.dirname(path)))
        place = "" if place == "." else place
        card = self._find_card(place)
        if card is not None and card.license:
            return source._replace(license=card.license, told_by=rebase(card.file, self.folder))
        return source._replace(hint=self._find_hint(place, card))

    def _find_card(self, place: str) -> Card | None:
        """The card of data in a folder: in it, or above it where that card is one of a data set."""
        for folder in (*list_ancestors(place), ""):
            card = self._read(folder)
            # Beside the data a card speaks of the data; in the project's folder it may speak of anything.
            is_beside = folder == place != self.folder
            if card is not None and (card.kind == "dataset" or (card.kind == "" and is_beside)):
                return card
        return None

    def _find_hint(self, place: str, card: Card | None) -> str:
        if card is not None and card.licenses:
            names = ", ".join(dict.fromkeys(name for name, _ in card.licenses))
            return f"{rebase(card.file, self.folder)} names several licences: {names}"
        # The licence in the project's own folder is that of its code.
        found = find_license_text(self.root, place) if place not in ("", self.folder) else None
        if found is None:
            return ""
        file, name = found
        return f"{rebase(file, self.folder)} reads like {name}" if name else f"see {rebase(file, self.folder)}"

    def find_base_card(self, configs: tuple[FoundConfig, ...]) -> Card | None:
        """The card of the base model that all configs start from, where it is a folder of the repository."""
        bases = {fact.value for config in configs for fact in config.told.facts if fact.path == "model.base"}
        if len(bases) != 1:
            return None
        place = posixpath.dirname(configs[0].file)
        folder = RepositoryContext(self.root, place, self.folder).find_folder(str(bases.pop()))
        return None if folder is None else self._read(folder)

    def find_model_card(self) -> Card | None:
        """The card of the model that the project makes: in its folder."""
        card = self._read(self.folder)
        return card if card is not None and card.kind == "model" else None

    def _read(self, folder: str) -> Card | None:
        if folder not in self._cards:
            self._cards[folder] = read_card(self.root, posixpath.join(folder, CARD_NAME), self.problems)
        return self._cards[folder]
