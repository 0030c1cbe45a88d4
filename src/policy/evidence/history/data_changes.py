"""The commits that changed training data: in git itself, or in the files by which DVC keeps track of it."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, TypeAlias

from policy.evidence.history.dvc_files import ENDING, LOCK
from policy.evidence.tools.readers import list_ancestors
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policy.evidence.history.chronicle import Chronicle, Log, Versions
    from policy.evidence.history.dvc_files import Stage
    from policy.plugins.history import FileChange

Picker: TypeAlias = "Callable[[tuple[Stage, ...]], frozenset[tuple[str, str]]]"
"""What is compared of two versions of one of DVC's files."""


class DataFile(NamedTuple):
    """A source of training data: `path` as it is named, and as it is without links; `gap` says why git has none of it.

    All paths are relative to the root.
    """

    path: str
    real: str
    gap: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Both paths, where they differ."""
        return tuple(dict.fromkeys((self.path, self.real)))


class DataChanges(NamedTuple):
    """The times of the commits that changed some data, and what is to be known of them.

    `begins` is when a shallow clone begins that holds the data from its first commit on; `unread` is the number of
    versions of DVC's files that could not be read. `is_tracked` is false where no commit tells anything of the data.
    """

    times: tuple[int | None, ...] = ()
    begins: int | None = None
    unread: int = 0
    is_tracked: bool = False


def locate_data(root: str, path: str) -> DataFile:
    """Where the data at a path relative to the root really is."""
    plain = posixpath.normpath(path)
    if "\0" in path or posixpath.isabs(plain) or plain == ".." or plain.startswith("../"):
        return DataFile(plain, plain, f"`{path}` is outside the repository")
    base = os.path.realpath(root)
    try:
        real = os.path.relpath(os.path.realpath(os.path.join(base, plain)), base).replace(os.sep, "/")
    except ValueError:
        return DataFile(plain, plain, f"{path!a} is no path of this system")
    if real == ".." or real.startswith("../"):
        return DataFile(plain, plain, f"`{path}` leads outside the repository by a symbolic link")
    nested = next((folder for folder in list_ancestors(posixpath.dirname(real)) if _is_repository(base, folder)), "")
    gap = f"`{path}` lies in `{nested}`, a repository of its own" if nested else ""
    return DataFile(plain, real, gap)


def _is_repository(base: str, folder: str) -> bool:
    return os.path.lexists(os.path.join(base, folder, ".git"))


def list_watched(root: str, data: DataFile) -> Iterator[str]:
    """The files whose history tells of the data: itself, and those of DVC that may name it or a folder around it."""
    if not data.gap:
        yield from data.names
    yield from list_dvc_files(root, data)


def list_dvc_files(root: str, data: DataFile) -> list[str]:
    """The files that are there and in which DVC would note the data's digest."""
    found: dict[str, None] = {}
    for name in data.names:
        folders = list_ancestors(posixpath.dirname(name))
        found |= dict.fromkeys(f"{above}{ENDING}" for above in (name, *folders))
        found |= dict.fromkeys((*(f"{folder}/{LOCK}" for folder in folders), LOCK))
    return [path for path in found if is_file(root, path)]


def is_file(root: str, path: str) -> bool:
    """Whether there is a file at a path relative to the root."""
    try:
        return os.path.isfile(os.path.join(root, path))
    except ValueError:
        return False


def find_changes(chronicle: Chronicle, log: Log, root: str, data: DataFile) -> DataChanges:
    """The changes of one source of data."""
    own = [] if data.gap else [change for name in data.names for change in log.find_below(name)]
    made, read = _find_digests(chronicle, log, root, data)
    # What a stage of DVC reads it notes when it runs, maybe long after the change.
    changes = [*own, *made.changes] or read.changes
    kept = [change for change in changes if change.new and not change.begins and change.new not in change.old]
    begins = [change.time or 0 for change in changes if change.begins]
    return DataChanges(
        tuple(change.time for change in kept), max(begins, default=None), made.unread, is_tracked=bool(changes)
    )


class _Noted(NamedTuple):
    """Changes of DVC's files in which the digest of the data changed."""

    changes: list[FileChange]
    unread: int


def _find_digests(chronicle: Chronicle, log: Log, root: str, data: DataFile) -> tuple[_Noted, _Noted]:
    """What DVC notes of the data where it is made, and where it is read."""
    made: list[FileChange] = []
    read: list[FileChange] = []
    unread = 0
    for path in list_dvc_files(root, data):
        changes = log.find(path)
        if changes:
            versions = chronicle.read_versions(path, changes)
            unread += versions.unread
            made += list_moves(changes, versions, lambda stages: _pick((stage.made for stage in stages), data))
            read += list_moves(changes, versions, lambda stages: _pick((stage.read for stage in stages), data))
    return _Noted(made, unread), _Noted(read, unread)


def list_moves(changes: Sequence[FileChange], versions: Versions, pick: Picker) -> Iterator[FileChange]:
    """The changes of one of DVC's files that changed what is picked of its stages, or that begin a shallow clone.

    Each commit is compared with its own parents, not with the commit that stands before it in the log: that one may
    lie on another branch.
    """
    picked = {name: pick(stages) for name, stages in versions.stages.items()}
    for change in changes:
        new = picked.get(change.new)
        is_read = all(old in picked for old in change.old if old)
        if new and is_read and (change.begins or all(picked.get(old) != new for old in change.old)):
            yield change


def _pick(digests: Iterable[dict[str, str]], data: DataFile) -> frozenset[tuple[str, str]]:
    """The digests of the data, or of a folder that it lies in, or of what is in it."""
    return frozenset(
        (path, digest)
        for noted in digests
        for path, digest in noted.items()
        if any(f"{name}/".startswith(f"{path}/") or path.startswith(f"{name}/") for name in data.names)
    )
