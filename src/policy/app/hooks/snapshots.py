"""Temporary folders that hold a tree of a repository, to be judged as if it were checked out there."""

from __future__ import annotations

import os
from contextlib import chdir, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.file_listing import is_candidate
from policy.loading.git.commands import OF_ONE_REPOSITORY
from policy.loading.git.repositories import list_tree
from policy.loading.git.snapshots import start_snapshot, write_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.loading.git.repositories import Entry, Repository

MOST_BYTES = 1 << 30
# What a file takes at the least, so that there cannot be millions of them.
BLOCK = 4096


@contextmanager
def open_snapshot(repository: Repository, head: str) -> Iterator[Repository]:
    """A snapshot with nothing in it yet; it goes with all that is written beside it."""
    with TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True) as folder:
        top = os.path.join(os.path.realpath(folder), "judged")
        os.mkdir(top)
        yield start_snapshot(top, repository, head)


def write_commit(snapshot: Repository, commit: str) -> list[Entry]:
    """Write the files of a commit, and none where nothing among them can be judged. Raises PolicyError, GitError."""
    entries = list_tree(snapshot, commit)
    if not any(is_candidate(entry.path) for entry in entries):
        return []
    _refuse_size(entries)
    write_files(snapshot, entries)
    return entries


def _refuse_size(entries: Iterable[Entry]) -> None:
    sizes = [entry.size for entry in entries]
    if any(size < 0 for size in sizes):
        message = "some of the files to judge are not in this clone"
        raise PolicyError(Problem(message, "fetch them with `git fetch --refetch`"))
    size = sum(max(size, BLOCK) for size in sizes)
    if size > MOST_BYTES:
        message = f"the files to judge take {size:,} bytes, and no more than {MOST_BYTES:,} are written out"
        raise PolicyError(Problem(message, "keep large data out of git, with Git LFS for example"))


@contextmanager
def working_in(folder: str) -> Iterator[None]:
    """Work in a folder as its own repository, so that paths are shown as they are there."""
    kept = {name: os.environ.pop(name) for name in OF_ONE_REPOSITORY if name in os.environ}
    try:
        with chdir(folder):
            yield
    finally:
        os.environ.update(kept)
