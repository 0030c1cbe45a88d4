"""The collector of licences that the cards and descriptions of data and models state."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.data.named import list_sources
from policy.evidence.licenses.finder import StatementFinder
from policy.evidence.tools.readers import RepositoryContext, leads_outside, rebase
from policy.model.fact import Fact, Members
from policy.model.fields import MODEL_CARD
from policy.plugins.contracts import Evidence
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from policy.errors import Problem
    from policy.evidence.licenses.finder import Cache
    from policy.evidence.licenses.statements import Statement
    from policy.plugins.contracts import Project

MOST_KEPT = 1000


class Licenses:
    """The licences of data files, of a base model in the repository, and of the release, as their own cards say."""

    name = "licences"
    observes = ("data.sources", "model.license", "release.license")

    def __init__(self) -> None:
        self._cache: Cache = {}

    def collect(self, project: Project) -> Evidence:
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        problems: list[Problem] = []
        finder = StatementFinder(project.root, project.folder, problems, self._cache)
        facts = _tell_sources(project, finder)
        unavailable: dict[str, str] = {}
        for owner, card in (("model", _find_base(project, finder)), ("release", _find_release(project, finder))):
            if card is not None and card.kind != "dataset":
                facts += _tell_model(f"{owner}.license", card, project, unavailable)
        return Evidence(tuple(facts), tuple(dict.fromkeys(problems)), unavailable)


def _tell_sources(project: Project, finder: StatementFinder) -> list[Fact]:
    """`data.sources`: for each data file the licence that the files beside it state; two where these differ."""
    fact = _find(project.declared, "data.sources")
    declared = _list_declared(project.folder, fact)
    paths = [source.path for source in list_sources(project.folder, fact, project.datasets)]
    members: list[dict[str, Fact]] = []
    for path in dict.fromkeys(path for path in paths if path and not leads_outside(path)):
        find_meter().check_time()
        statements = finder.find_of_data(path)
        if statements:
            from policy.evidence.licenses.choice import choose_statements, explain_silence, spell

            problem = explain_silence(statements, declared.get(path))
            finder.problems += [problem] if problem else []
            chosen = choose_statements(statements)
            for statement in chosen:
                license_ = spell(statement.license, declared.get(path)) if len(chosen) == 1 else statement.license
                if license_ is not None:
                    members.append(_describe(statement, rebase(path, project.folder), license_))
    if not members:
        return []
    first = members[0]["license"]
    return [first._replace(path="data.sources", value=Members(tuple(members), complete=False))]


def _list_declared(folder: str, fact: Fact | None) -> dict[str, str]:
    """The declared licence of each data file, by its path from the root; of several for one file the first."""
    found: dict[str, str] = {}
    for member in fact.value.items if fact is not None and isinstance(fact.value, Members) else ():
        if "path" in member and "license" in member:
            path = posixpath.normpath(posixpath.join(folder, member["path"].value))
            found.setdefault(path, member["license"].value)
    return found


def _describe(statement: Statement, path: str, license_: str) -> dict[str, Fact]:
    place = statement.licenses[0][1]
    values = {"path": path, "license": license_}
    return {
        name: Fact(name, value, "observed", statement.source, place, statement.digest) for name, value in values.items()
    }


def _find_base(project: Project, finder: StatementFinder) -> Statement | None:
    """The card of the base model, where that is a folder of the repository, and not the project's own."""
    base = _find((*project.told, *project.declared), "model.base")
    if base is None or not isinstance(base.value, str):
        return None
    place = posixpath.dirname(base.location.file) if base.location is not None else project.folder
    folder = RepositoryContext(project.root, place, project.folder).find_folder(base.value)
    return None if folder in (None, "", ".", project.folder) else finder.find_card(folder or "")


def _find_release(project: Project, finder: StatementFinder) -> Statement | None:
    """The card that the manifest names as that of the release; which other file is one nobody but it can say."""
    card = _find(project.declared, "release.model_card")
    if card is None or not isinstance(card.value, str):
        return None
    file = posixpath.normpath(posixpath.join(project.folder, card.value))
    return None if leads_outside(file) else finder.find_file(file)


def _tell_model(path: str, card: Statement, project: Project, unavailable: dict[str, str]) -> list[Fact]:
    from policy.evidence.licenses.choice import explain_silence, spell

    known = _find(project.declared, path)
    declared = known.value if known is not None and isinstance(known.value, str) else None
    problem = explain_silence([card], declared)
    if problem is not None and declared is None:
        unavailable[path] = problem.message
    license_ = spell(card.license, declared) if card.license else None
    place = card.licenses[0][1] if card.licenses else None
    return [Fact(path, license_, "observed", MODEL_CARD, place, card.digest)] if license_ is not None else []


def _find(facts: tuple[Fact, ...], path: str) -> Fact | None:
    return next((fact for fact in facts if fact.path == path), None)
