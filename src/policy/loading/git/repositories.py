"""The repository that a hook runs in: what is staged, what references stand for, and what is in a tree."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.loading.git.commands import OF_ONE_REPOSITORY, GitError, find_repository, run_git
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINK, MODULE = "120000", "160000"
NOTHING = re.compile("0+")
"""What git writes where there is no object."""


class Entry(NamedTuple):
    """A file of a tree: its mode as git writes it, the name of its content, its size in bytes, and its path.

    The size is negative where the content is not in the clone.
    """

    mode: str
    object: str
    size: int
    path: str


class Change(NamedTuple):
    """A path whose content differs; an object is empty where there is no file."""

    path: str
    old: str
    new: str


class Repository(NamedTuple):
    """A repository: the folder it is asked in, the variables that say which it is, and where its objects are."""

    folder: str
    variables: Mapping[str, str]
    objects: str
    object_format: str

    def ask(self, *arguments: str, data: bytes = b"", accepted: tuple[int, ...] = (0,)) -> bytes:
        """What git answers. Raises GitError."""
        return run_git(self.folder, *arguments, data=data, accepted=accepted, variables=self.variables)

    def ask_path(self, name: str) -> str:
        """The absolute path of one of the repository's own files."""
        return os.path.join(self.folder, os.fsdecode(self.ask("rev-parse", "--git-path", name)).removesuffix("\n"))


def open_repository(root: str | None = None) -> Repository:
    """The repository of the working folder, or in a hook the one that git names; or that at `root`. Raises GitError.

    While a push is received, its objects are in a quarantine that only these variables lead to.
    """
    folder = os.path.realpath(root or ".")
    # They are about the repository of the working folder, and no other.
    ours = root is None or find_repository(os.path.realpath(".")) == folder
    variables = {name: os.environ[name] for name in OF_ONE_REPOSITORY if ours and name in os.environ}
    about = run_git(folder, "rev-parse", "--show-object-format", "--git-path", "objects", variables=variables)
    object_format, _, objects = os.fsdecode(about).removesuffix("\n").partition("\n")
    return Repository(folder, variables, os.path.join(folder, objects), object_format)


def find_head(repository: Repository) -> str:
    """The commit that HEAD stands for; empty before the first one. Raises GitError."""
    return find_object(repository, "HEAD^{commit}")


def find_object(repository: Repository, name: str) -> str:
    """The object that a name stands for; empty where it stands for none. Raises GitError."""
    found = repository.ask("rev-parse", "--verify", "--quiet", "--end-of-options", name, accepted=(0, 1))
    return found.decode("ascii").strip()


def list_staged(repository: Repository) -> list[Change]:
    """What the index changes against HEAD, or before the first commit against nothing. Raises GitError.

    A file that moved is one that is gone and one that is new.
    """
    head = find_head(repository) or repository.ask("hash-object", "-t", "tree", "--stdin").decode("ascii").strip()
    question = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=all")
    # What is only intended to be added is no part of the commit.
    words = os.fsdecode(repository.ask(*question, "--ita-invisible-in-index", head, "--")).split("\0")
    changes = []
    for about, path in zip(words[::2], words[1::2], strict=False):
        _, _, old, new, _ = about.split(" ")
        changes.append(Change(path, *("" if NOTHING.fullmatch(name) else name for name in (old, new))))
    return changes


def list_tree(repository: Repository, tree: str) -> list[Entry]:
    """Every file and link in a tree or a commit; submodules are left out. Raises GitError."""
    listed = os.fsdecode(repository.ask("ls-tree", "-r", "-l", "-z", "--full-tree", tree))
    return list(_read_entries(listed))


def _read_entries(listed: str) -> Iterator[Entry]:
    for line in listed.split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, name, size = about.split()
        if mode != MODULE:
            yield Entry(mode, name, int(size) if size.isdigit() else -1, path)


def read_objects(repository: Repository, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of objects by their names; what is not there is left out. Raises GitError."""
    asked = list(dict.fromkeys(names))
    answer = memoryview(repository.ask("cat-file", "--batch", data="".join(f"{name}\n" for name in asked).encode()))
    contents = {}
    start = 0
    for name in asked:
        end = start + bytes(answer[start : start + 200]).index(b"\n")
        about = bytes(answer[start:end]).decode("ascii").split(" ")
        start = end + 1
        if len(about) == 3:
            size = int(about[2])
            contents[name] = bytes(answer[start : start + size])
            start += size + 1
    return contents


def peel(repository: Repository, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The type and name of what each object stands for once tags are taken off. Raises GitError."""
    asked = list(dict.fromkeys(names))
    question = ("cat-file", "--batch-check=%(objecttype) %(objectname)")
    answer = repository.ask(*question, data="".join(f"{name}^{{}}\n" for name in asked).encode())
    peeled = {}
    for name, line in zip(asked, answer.decode("ascii").splitlines(), strict=True):
        kind, _, found = line.partition(" ")
        if found == "missing":
            raise GitError(f"there is no object {name}")
        peeled[name] = (kind, found)
    return peeled
