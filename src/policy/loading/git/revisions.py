"""Files as they are at a revision, read from git's objects and never from the working tree."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.loading.git.commands import GitError, run_git
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

REGULAR = (b"100644", b"100755")
ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SHORT_ID = re.compile(r"[0-9a-f]{4,}")


class Revision(NamedTuple):
    """A commit of a repository (its folder, absolute), and the name that it was found by."""

    repository: str
    name: str
    commit: str


def find_revision(repository: str, name: str) -> Revision:
    """The commit that a name stands for, and for nothing else. Raises GitError.

    `name` is taken as checked: one that starts with a hyphen would be an option.
    """
    short = re.split(r"[~^]", name)[0]
    if not ID.fullmatch(short):
        _refuse_ambiguity(repository, short)
    try:
        found = run_git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitError:
        raise GitError(f"there is no revision `{name}` in this clone") from None
    return Revision(repository, name, found.decode("ascii").strip())


def find_default_branches(repository: str) -> list[Revision]:
    """What the remotes have as their default branch, as far as the clone knows. Raises GitError."""
    listed = run_git(repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/remotes/*/HEAD")
    lines = [line.partition(" ") for line in os.fsdecode(listed).splitlines()]
    return [Revision(repository, name.removeprefix("refs/remotes/"), commit) for commit, _, name in lines]


def _refuse_ambiguity(repository: str, name: str) -> None:
    """Raises GitError for a name of several: whoever may push a tag `origin/main` must not choose for us."""
    places = ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
    wanted = {f"{place}{name}" for place in places}
    listed = run_git(repository, "for-each-ref", "--format=%(refname)", *sorted(wanted - {name}), *_whole(name))
    found = sorted(wanted.intersection(os.fsdecode(listed).splitlines()))
    if len(found) > 1:
        raise GitError(f"`{name}` is the name of {' and of '.join(found)}")
    # git itself takes the tag, and only warns.
    if found and SHORT_ID.fullmatch(name) and run_git(repository, "rev-parse", f"--disambiguate={name}").strip():
        raise GitError(f"`{name}` is the name of {found[0]} and the start of an object's name")


def _whole(name: str) -> tuple[str, ...]:
    return (name,) if name.startswith("refs/") else ()


def read_files(revision: Revision, paths: Iterable[str]) -> dict[str, bytes]:
    """The content of those of the paths, from the repository's folder, that are files there. Raises GitError."""
    wanted = tuple(path for path in dict.fromkeys(paths) if path != ".." and not path.startswith("../"))
    if not wanted:
        return {}
    listed = run_git(revision.repository, "ls-tree", "-z", "--full-tree", revision.commit, "--", *wanted)
    objects = {}
    for line in listed.split(b"\0"):
        about, _, path = line.partition(b"\t")
        mode, _, rest = about.partition(b" ")
        if mode in REGULAR:
            objects[os.fsdecode(path)] = rest.split(b" ")[1].decode("ascii")
    return {path: _read_object(revision.repository, name) for path, name in objects.items() if path in wanted}


def _read_object(repository: str, name: str) -> bytes:
    return run_git(repository, "cat-file", "blob", name)
