"""Repositories inside a repository, which git does not list the files of."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from policy.errors import Location, Problem
from policy.loading.git.commands import GitError, run_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MODULES = ".gitmodules"
QUESTION = ("config", "-z", "-f", MODULES, "--get-regexp", r"^submodule\..*\.path$")


def find_nested(root: str, paths: Sequence[str], listed: Iterable[str]) -> list[Problem]:
    """A warning for each repository at or below the paths: one that git lists as a folder, or a submodule."""
    found = {name.rstrip("/") for name in listed if name.endswith("/")}
    found.update(module for module in _list_modules(root) if _is_below(module, paths))
    return [warn_of_nested(folder) for folder in sorted(found)]


def is_nested(root: str, path: str) -> bool:
    """Whether a path that git names as it names files is a folder: the place of a repository."""
    whole = os.path.join(root, path)
    return os.path.isdir(whole) and not os.path.islink(whole)


def warn_of_nested(folder: str) -> Problem:
    """The warning that what is in a repository inside this one is not met."""
    message = f"`{folder}/` is a repository of its own and is not looked into"
    return Problem(message, "check it by itself", Location(folder), level="warning")


def _list_modules(root: str) -> Iterator[str]:
    """The folders of submodules that are there."""
    try:
        # git follows no link here either.
        if not stat.S_ISREG(os.lstat(os.path.join(root, MODULES)).st_mode):
            return
        # 1 says that there is none.
        answer = run_git(root, *QUESTION, accepted=(0, 1))
    except (OSError, GitError):
        return
    for entry in os.fsdecode(answer).split("\0"):
        path = os.path.normpath(entry.partition("\n")[2]).replace(os.sep, "/")
        inside = path not in (".", "..") and not path.startswith(("../", "/"))
        if inside and os.path.isdir(os.path.join(root, path)):
            yield path


def _is_below(folder: str, paths: Iterable[str]) -> bool:
    return any(not path or f"{folder}/".startswith(f"{path}/") for path in paths)
