"""What a project names that its repository's history may tell of."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.data.named import list_sources
from policy.evidence.history.data_changes import list_watched, locate_data
from policy.evidence.history.trainings import list_locks
from policy.model.manifest import MANIFEST_NAME
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Location
    from policy.evidence.data.named import Source
    from policy.evidence.history.data_changes import DataFile
    from policy.plugins.contracts import Project


class Subject(NamedTuple):
    """The training data and config of a project, all paths from `root`.

    `gap` says why not all of the training data is files; `locks` are the `dvc.lock` files above the project. `watched`
    are the files whose history tells of data and training, and `files` those that must be committed.
    """

    root: str
    folder: str
    sources: tuple[Source, ...]
    data: tuple[DataFile, ...]
    gap: str
    config: str
    locks: tuple[str, ...]
    watched: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def location(self) -> Location | None:
        """Where the first source is named."""
        return self.sources[0].location if self.sources else None


def make_subject(project: Project) -> Subject:
    """What a project names, as its config uses it and its manifest declares it."""
    root, folder = project.root, project.folder
    declared = next((fact for fact in project.declared if fact.path == "data.sources"), None)
    sources = list_sources(folder, declared, project.datasets)
    training = select_training(sources)
    data = tuple(locate_data(root, path) for path in dict.fromkeys(source.path for source in training if source.path))
    named = next((fact.value for fact in (*project.told, *project.declared) if fact.path == "training.config"), "")
    config = posixpath.normpath(posixpath.join(folder, named)) if named else ""
    locks = list_locks(root, folder)
    watched = (*(path for each in data for path in list_watched(root, each)), *locks)
    manifest = (posixpath.join(folder, MANIFEST_NAME),) if project.declared else ()
    placed = (*data, *((locate_data(root, config),) if config else ()))
    files = (*manifest, *(each.real for each in placed if not each.gap))
    return Subject(
        root,
        folder,
        tuple(sources),
        data,
        find_gap(training),
        config,
        tuple(locks),
        tuple(dict.fromkeys(watched)),
        files,
    )


def select_training(sources: Sequence[Source]) -> list[Source]:
    """The sources that are trained on: as the config uses a file, else as the manifest declares it."""
    used: dict[str, set[str]] = {}
    for source in sources:
        if source.path and not source.declared:
            used.setdefault(source.path, set()).add(source.split)
    return [source for source in sources if "train" in used.get(source.path or "", {source.split})]


def find_gap(training: Sequence[Source]) -> str:
    """Why the training data is more than files of the repository; empty where it is not."""
    if not training:
        return "no source is for training"
    for source in training:
        if not source.resolved:
            return f"what `{source.shown}` stands for could not be made out"
        if source.path is None:
            return f"`{source.shown}` is not a file of the repository"
    return ""
