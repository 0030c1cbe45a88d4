"""Which projects a set of changed paths touches, and why: told from names, with as few files read as that takes."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy.app.naming import find_named, gather_changed, list_folders
from policy.loading.discovery import find_cover, is_below
from policy.loading.file_listing import is_candidate
from policy.model.manifest import MANIFEST_NAME
from policy.structs import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    # Gives lines of files that may name a path with one of these words in it, by file; without words, all lines.
    Search = Callable[[list[str]], Mapping[str, str]]
    # Gives the files below some folders.
    List = Callable[[list[str]], Iterable[str]]

# With so many changed words the question is as long as what it would spare.
MANY = 2000


class Situation(Record):
    """The paths that are changed, those of them that are there, and all manifests that are there.

    `linked` are other names of changed paths, each with the path that it leads to.
    """

    changed: frozenset[str]
    there: frozenset[str]
    manifests: frozenset[str]
    linked: Mapping[str, str] = MappingProxyType({})

    @cached_property
    def known(self) -> set[str]:
        """The manifests, to be looked up."""
        return set(self.manifests)

    @property
    def gone(self) -> list[str]:
        """The manifests that the change takes away."""
        return sorted(path for path in self.changed - self.there if is_manifest(path))

    @cached_property
    def projects_below(self) -> Counter[str]:
        """How many manifests there are in a folder and below it; the root is empty."""
        return Counter(folder for file in self.manifests for folder in (*list_folders(file), ""))


def is_manifest(file: str) -> bool:
    """Whether the name is that of a manifest."""
    return os.path.basename(file) == MANIFEST_NAME


def find_touched(situation: Situation, search: Search, list_below: List) -> dict[str, str]:
    """The manifests, and files without one, that a change touches, each with the reason.

    `search` and `list_below` are asked only for what no name of a changed path can tell.
    """
    touched: dict[str, str] = {}
    for path in sorted(situation.changed):
        for target, reason in _touch(path, situation):
            touched.setdefault(target, reason)
    for name in sorted(situation.linked):
        for target, reason in _touch_by_link(name, situation.linked[name], situation):
            touched.setdefault(target, reason)
    if situation.gone:
        folders = [os.path.dirname(path) for path in situation.gone]
        for file, manifest in list_left(list_below(folders), situation.known, situation.gone).items():
            touched.setdefault(file, f"the manifest that covered it is gone: {manifest}")
    for target, reason in _find_naming(situation, search).items():
        touched.setdefault(target, reason)
    return touched


def _touch(path: str, situation: Situation) -> Iterator[tuple[str, str]]:
    """What a changed path touches by where it is."""
    there = path in situation.there
    if is_manifest(path):
        if there:
            yield path, "its manifest is changed or new"
        # Around it lies the project that its files belonged to, or belong to from now on.
        around = find_cover(os.path.dirname(path), situation.known)
        if around is not None:
            yield around, f"what it covers is changed by {path}"
        return
    cover = find_cover(path, situation.known)
    if cover is not None:
        yield cover, f"{path} is {'changed or new' if there else 'gone'}"
    elif there and is_candidate(path):
        yield path, "it is changed or new, and no manifest covers it"


def _touch_by_link(name: str, path: str, situation: Situation) -> Iterator[tuple[str, str]]:
    """What a changed path touches by another name that it has."""
    cover = find_cover(name, situation.known)
    if cover is not None:
        yield cover, f"{name} leads to {path}, which is changed"
    elif is_candidate(name) and not is_candidate(path):
        yield name, f"it leads to {path}, which is changed, and no manifest covers it"


def list_left(files: Iterable[str], manifests: set[str], gone: Iterable[str]) -> dict[str, str]:
    """The files that may be judged and lost their manifest with those that are `gone`, each with that one.

    Nobody declares them any more, unless a manifest above does.
    """
    before = {*manifests, *gone}
    covers = {file: find_cover(file, before) for file in files if is_candidate(file) and not is_manifest(file)}
    return {file: cover for file, cover in sorted(covers.items()) if cover is not None and cover not in manifests}


def _find_naming(situation: Situation, search: Search) -> dict[str, str]:
    """The projects that name a changed file from elsewhere, or files without a manifest that do."""
    changed = [path for path in (*situation.changed, *situation.linked) if not is_manifest(path)]
    words = sorted({word for path in changed for word in list_words(path, situation)})
    if not words:
        return {}
    known = gather_changed(changed)
    found: dict[str, str] = {}
    for file, text in search(words if len(words) <= MANY else []).items():
        named = find_named(file, text, known)
        if named:
            owner = file if is_manifest(file) else find_cover(file, situation.known) or file
            found.setdefault(owner, f"{file} names {named}, which is changed")
    return found


def list_words(path: str, situation: Situation) -> list[str]:
    """Words of which at least one is in whatever names a path from outside of its project.

    Such a name leads upwards first, or begins with one of the folders above the project; inside of it only another
    project that is nested there can name it by less.
    """
    cover = find_cover(path, situation.known)
    top = os.path.dirname(cover) if cover is not None else ""
    nested = cover is None or situation.projects_below[top] > 1
    folders = [folder for folder in list_folders(path) if nested or folder == top or not is_below(folder, {top})]
    names = [os.path.basename(folder) for folder in folders]
    return ["../", "\\", *names, *([os.path.basename(path)] if nested else [])]
