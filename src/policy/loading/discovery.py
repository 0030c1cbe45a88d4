"""What there is to judge: manifests, files that may be training configs, and scripts that may start a training."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.loading.file_listing import is_config, is_json, is_script, list_files
from policy.loading.git.commands import find_repository
from policy.model.manifest import MANIFEST_NAME
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What a manifest might be called by mistake.
NEAR_NAMES = frozenset({"ml-manifest.yml", "ml_manifest.yaml", "ml_manifest.yml", "mlmanifest.yaml"})
# Scripts and JSON that no manifest covers are one item, so many at a time: most of them hold nothing to judge.
TOGETHER = 200


class Item(NamedTuple):
    """A manifest and the files it covers, or (manifest None) a config or some other files that no manifest covers.

    Paths are relative to the root; `only_configs` when the manifest lies outside what was asked for and
    only its training configs are to be judged.
    """

    manifest: str | None
    candidates: tuple[str, ...]
    only_configs: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The files that no report may take the place of; what is in JSON nobody knows before, and reports are JSON."""
        named = () if self.manifest is None else (self.manifest,)
        return (*named, *(file for file in self.candidates if not is_json(file)))


class Found(NamedTuple):
    """The root that all paths are relative to, what is to be judged, warnings, and what was asked for.

    `wanted` are the paths as they were given, and relative to the root (empty for the root itself).
    """

    root: str
    items: list[Item]
    problems: tuple[Problem, ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()


def find_root(path: str) -> str:
    """The folder of the git repository that holds `path`; without git the working folder, or else `path` itself."""
    folder = os.path.realpath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    repository = find_repository(folder)
    if repository is not None:
        return repository
    working = os.path.realpath(".")
    return working if f"{folder}{os.sep}".startswith(working.rstrip(os.sep) + os.sep) else folder


def discover(paths: Sequence[str]) -> list[Found]:
    """What is below the paths, by root. Raises PolicyError for a path that is not there.

    A file that is named is looked at even where git ignores it.
    """
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        remedy = "name a folder, a manifest or a training config"
        raise PolicyError(*(Problem(f"there is no `{path}`", remedy) for path in missing))
    roots: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        root = find_root(path)
        relative = os.path.relpath(os.path.realpath(path) if os.path.isdir(path) else _locate_file(path), root)
        relative = "" if relative == "." else relative.replace(os.sep, "/")
        roots.setdefault(root, []).append((path, relative))
    return [_discover_below(root, wanted) for root, wanted in roots.items()]


def _locate_file(path: str) -> str:
    """The file with its folder resolved, but not the file itself: a link is judged where it stands."""
    return os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))


def _discover_below(root: str, asked: list[tuple[str, str]]) -> Found:
    problems: list[Problem] = []
    wanted = [relative for _, relative in asked]
    named = {path for path in wanted if _may_be_read(path) and os.path.isfile(os.path.join(root, path))}
    # A manifest above what was asked for may cover it.
    looked_at = {_find_folder(root, path) for path in wanted} | {name for path in wanted for name in _list_above(path)}
    files = named.union(list_files(root, sorted(looked_at), problems))
    manifests = {file for file in files if os.path.basename(file) == MANIFEST_NAME}
    covered: dict[str, list[str]] = {file: [] for file in sorted(manifests)}
    alone: list[str] = []
    for file in sorted(files):
        if file not in manifests and not _is_listed_twice(root, file, files):
            manifest = find_cover(file, manifests)
            (alone if manifest is None else covered[manifest]).append(file)
    problems += [_warn_of_name(file) for file in sorted(files) if os.path.basename(file) in NEAR_NAMES]
    items = [Item(file, tuple(candidates)) for file, candidates in covered.items()]
    items += [Item(None, (file,)) for file in alone if is_config(file)]
    others = [file for file in alone if not is_config(file)]
    items += [Item(None, tuple(others[start : start + TOGETHER])) for start in range(0, len(others), TOGETHER)]
    return Found(root, list(_keep_wanted(items, set(wanted))), tuple(dict.fromkeys(problems)), tuple(asked))


def _may_be_read(file: str) -> bool:
    return is_config(file) or is_json(file) or is_script(file)


def _is_listed_twice(root: str, file: str, files: set[str]) -> bool:
    """Whether the file is a link to another one of the files, which is judged where it is."""
    path = os.path.join(root, file)
    return os.path.islink(path) and os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/") in files


def _warn_of_name(file: str) -> Problem:
    message = f"this file is not read as a manifest: its name is not {MANIFEST_NAME}"
    return Problem(message, f"rename it to {MANIFEST_NAME}", Location(file), level="warning")


def _find_folder(root: str, path: str) -> str:
    """What to list for a path: the folder of a manifest, for it covers what is below; else the path itself."""
    is_manifest = os.path.basename(path) == MANIFEST_NAME and not os.path.isdir(os.path.join(root, path))
    return os.path.dirname(path) if is_manifest else path


def _list_above(path: str) -> Iterator[str]:
    """Where manifests that cover the path may stand: in the folders that it lies in."""
    while path:
        path = os.path.dirname(path)
        yield f"{path}/{MANIFEST_NAME}" if path else MANIFEST_NAME


def _keep_wanted(items: Iterable[Item], wanted: set[str]) -> Iterator[Item]:
    for item in items:
        if item.manifest is not None and is_below(item.manifest, wanted):
            yield item
            continue
        candidates = tuple(file for file in item.candidates if is_below(file, wanted))
        if candidates:
            yield Item(item.manifest, candidates, only_configs=item.manifest is not None)


def is_below(file: str, wanted: set[str]) -> bool:
    """Whether the file is one of the wanted paths or below one."""
    while file and file not in wanted:
        file = os.path.dirname(file)
    return file in wanted


def find_cover(file: str, manifests: set[str]) -> str | None:
    """The manifest in the nearest folder above the file."""
    while file:
        file = os.path.dirname(file)
        candidate = f"{file}/{MANIFEST_NAME}" if file else MANIFEST_NAME
        if candidate in manifests:
            return candidate
    return None
