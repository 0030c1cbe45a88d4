"""What there is to judge: manifests and possible training configs, through what git tracks where there is git."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from policy.errors import PolicyError, Problem
from policy.model.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONFIG_ENDINGS = (".yaml", ".yml")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


class Item(NamedTuple):
    """A manifest and the YAML files it covers, or (manifest None) one file that no manifest covers.

    Paths are relative to the root; `only_configs` when the manifest lies outside what was asked for and
    only its training configs are to be judged.
    """

    manifest: str | None
    candidates: tuple[str, ...]
    only_configs: bool = False


class Found(NamedTuple):
    """The root that all paths are relative to, what is to be judged, and warnings."""

    root: str
    items: list[Item]
    problems: tuple[Problem, ...] = ()


def find_root(path: str) -> str:
    """The folder of the git repository that holds `path`; without git the working folder, or else `path` itself."""
    folder = os.path.realpath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    here = folder
    while True:
        if os.path.lexists(os.path.join(here, ".git")):
            return here
        parent = os.path.dirname(here)
        if parent == here:
            break
        here = parent
    working = os.path.realpath(".")
    return working if f"{folder}{os.sep}".startswith(working.rstrip(os.sep) + os.sep) else folder


def discover(paths: Sequence[str]) -> list[Found]:
    """What is below the paths, by root. Raises PolicyError for a path that is not there."""
    problems = [
        Problem(f"there is no `{path}`", "name a folder, a manifest or a training config")
        for path in paths
        if not os.path.exists(path)
    ]
    if problems:
        raise PolicyError(*problems)
    roots: dict[str, list[str]] = {}
    for path in paths:
        root = find_root(path)
        relative = os.path.relpath(os.path.realpath(path) if os.path.isdir(path) else _real_file(path), root)
        roots.setdefault(root, []).append("" if relative == "." else relative.replace(os.sep, "/"))
    return [_discover_below(root, wanted) for root, wanted in roots.items()]


def _real_file(path: str) -> str:
    """The file with its folder resolved, but not the file itself: a link is judged where it stands."""
    return os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))


def _discover_below(root: str, wanted: list[str]) -> Found:
    problems: list[Problem] = []
    # A manifest above what was asked for may cover it: look from the root's side of each wanted path.
    files = sorted(set(list_files(root, [_folder_of(root, path) for path in wanted], problems)))
    above = {name for path in wanted for name in _manifests_above(root, path)}
    manifests = {file for file in files if os.path.basename(file) == MANIFEST_NAME} | above
    covered: dict[str, list[str]] = {file: [] for file in manifests}
    alone = []
    for file in files:
        if file.endswith(CONFIG_ENDINGS) and file not in manifests:
            manifest = find_cover(file, manifests)
            if manifest is None:
                alone.append(file)
            else:
                covered[manifest].append(file)
    items = [Item(file, tuple(covered[file])) for file in sorted(manifests)]
    items += [Item(None, (file,)) for file in alone]
    return Found(root, list(_only_wanted(items, wanted)), tuple(problems))


def _only_wanted(items: Iterable[Item], wanted: list[str]) -> Iterator[Item]:
    for item in items:
        if item.manifest is not None and is_below(item.manifest, wanted):
            yield item
            continue
        candidates = tuple(file for file in item.candidates if is_below(file, wanted))
        if candidates:
            yield Item(item.manifest, candidates, only_configs=item.manifest is not None)


def is_below(file: str, wanted: list[str]) -> bool:
    """Whether the file is one of the wanted paths or below one."""
    return any(path in ("", file) or file.startswith(path + "/") for path in wanted)


def find_cover(file: str, manifests: set[str]) -> str | None:
    """The manifest in the nearest folder above the file."""
    folder = os.path.dirname(file)
    while True:
        candidate = f"{folder}/{MANIFEST_NAME}" if folder else MANIFEST_NAME
        if candidate in manifests:
            return candidate
        if not folder:
            return None
        folder = os.path.dirname(folder)


def _folder_of(root: str, path: str) -> str:
    """The folder to list: that of a manifest, for it covers what is below; a file alone for anything else."""
    if os.path.isdir(os.path.join(root, path)):
        return path
    return os.path.dirname(path) if os.path.basename(path) == MANIFEST_NAME else path


def _manifests_above(root: str, path: str) -> Iterator[str]:
    folder = path if os.path.isdir(os.path.join(root, path)) else os.path.dirname(path)
    while folder:
        folder = os.path.dirname(folder)
        candidate = f"{folder}/{MANIFEST_NAME}" if folder else MANIFEST_NAME
        if os.path.isfile(os.path.join(root, candidate)):
            yield candidate


def list_files(root: str, paths: list[str], problems: list[Problem]) -> list[str]:
    """Manifests and YAML files below the paths: what git tracks or does not ignore, or without git everything."""
    if os.path.lexists(os.path.join(root, ".git")):
        listed = _ask_git(root, paths, problems)
        if listed is not None:
            return listed
    ignoring = os.path.lexists(os.path.join(root, ".gitignore"))
    walked = [file for path in paths for file in _walk(root, path)]
    return _drop_ignored(root, walked) if ignoring and walked else walked


def _ask_git(root: str, paths: list[str], problems: list[Problem]) -> list[str] | None:
    from policy.loading.git import GitError, run_git

    wanted = [f":(literal){path}" if path else "." for path in paths]
    try:
        listed = run_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *wanted)
    except GitError as error:
        problems.append(
            Problem(
                f"git cannot list the files of this repository ({error}); everything in the folder is looked at",
                "mend the repository, or check a folder that is no repository",
                level="warning",
            )
        )
        return None
    files = os.fsdecode(listed).split("\0")
    # What is tracked and deleted is still listed; links are followed by nobody.
    return [
        file
        for file in dict.fromkeys(files)
        if file.endswith(CONFIG_ENDINGS) and os.path.lexists(os.path.join(root, file))
    ]


def _walk(root: str, path: str) -> Iterator[str]:
    top = os.path.join(root, path)
    if not os.path.isdir(top):
        yield path
        return
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS
        )
        relative = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in sorted(files):
            if name.endswith(CONFIG_ENDINGS):
                yield name if relative == "." else f"{relative}/{name}"


def _drop_ignored(root: str, files: list[str]) -> list[str]:
    """Without a repository `.gitignore` still says what is no part of the project: git itself reads it."""
    import tempfile

    from policy.loading.git import GitError, run_git

    with tempfile.TemporaryDirectory() as empty:
        try:
            run_git(empty, "init", "-q", "--bare", ".")
            arguments = (
                f"--git-dir={empty}",
                f"--work-tree={root}",
                "ls-files",
                "-z",
                "--others",
                "--exclude-standard",
            )
            kept = set(os.fsdecode(run_git(root, *arguments)).split("\0"))
        except GitError:
            return files
    return [file for file in files if file in kept]
