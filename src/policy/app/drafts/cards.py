"""The cards and licence files of a project, and what they say of the data and models that it uses."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.licenses.choice import choose_statements
from policy.evidence.licenses.finder import StatementFinder
from policy.evidence.licenses.texts import find_license_text
from policy.evidence.tools.readers import RepositoryContext, rebase
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.training_configs import FoundConfig
    from policy.errors import Problem
    from policy.evidence.licenses.statements import Statement


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
        self._statements = StatementFinder(root, folder, problems)

    def describe(self, path: str, name: str, split: str) -> FoundSource:
        """A data set with what its folder tells of its licence."""
        source = FoundSource(path, name, split)
        if not path:
            return source
        file = posixpath.normpath(posixpath.join(self.folder, path))
        statements = self._statements.find_of_data(file)
        chosen = choose_statements(statements)
        if len(chosen) == 1:
            return source._replace(license=chosen[0].license, told_by=rebase(chosen[0].file, self.folder))
        return source._replace(hint=self._find_hint(posixpath.dirname(file), statements))

    def _find_hint(self, place: str, statements: tuple[Statement, ...]) -> str:
        named = [statement for statement in statements if statement.licenses]
        if named:
            names = ", ".join(dict.fromkeys(name for statement in named for name in statement.names))
            files = " and ".join(rebase(statement.file, self.folder) for statement in named)
            verb = "names several licences" if len(named) == 1 else "name different licences"
            return f"{files} {verb}: {names}"
        # The licence in the project's own folder is that of its code.
        found = find_license_text(self.root, place) if place not in ("", self.folder) else None
        if found is None:
            return ""
        file, name = found
        return f"{rebase(file, self.folder)} reads like {name}" if name else f"see {rebase(file, self.folder)}"

    def find_base_card(self, configs: tuple[FoundConfig, ...]) -> Statement | None:
        """The card of the base model that all configs start from, where it is a folder of the repository."""
        bases = {fact.value for config in configs for fact in config.told.facts if fact.path == "model.base"}
        if len(bases) != 1:
            return None
        place = posixpath.dirname(configs[0].file)
        folder = RepositoryContext(self.root, place, self.folder).find_folder(str(bases.pop()))
        return None if folder is None else self._statements.find_card(folder)

    def find_model_card(self) -> Statement | None:
        """The card of the model that the project makes: in its folder."""
        card = self._statements.find_card(self.folder)
        return card if card is not None and card.kind == "model" else None
