"""The files of a commit, found by their paths one folder at a time: of a large repository only what is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.loading.git.commands import GitError
from policy.loading.git.repositories import LINK, MODULE
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.loading.git.objects import ObjectReader

FOLDER: Final = "40000"
# What would not be a file below the folder that it is written to.
NO_NAMES: Final = frozenset({"", ".", ".."})


class Node(NamedTuple):
    """What is at a path of a tree: its mode as git writes it, and the name of its content."""

    mode: str
    object: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER

    @property
    def is_link(self) -> bool:
        return self.mode == LINK

    @property
    def is_module(self) -> bool:
        return self.mode == MODULE


class Tree:
    """The tree of a commit. Paths have `/` and no links in them; every question raises GitError."""

    def __init__(self, objects: ObjectReader, commit: str) -> None:
        self.objects = objects
        self._top = commit
        self._folders: dict[str, dict[str, Node]] = {}

    def find(self, path: str) -> Node | None:
        """What is at a path; for the empty one, the whole tree."""
        if not path:
            return Node(FOLDER, self._top)
        folder, _, name = path.rpartition("/")
        around = self.find(folder)
        if around is None or not around.is_folder:
            return None
        return self.list_folder(folder).get(name)

    def list_folder(self, path: str) -> dict[str, Node]:
        """What is directly in a folder, by name."""
        if path not in self._folders:
            node = self.find(path)
            self._folders[path] = self._read_folder(node.object) if node is not None and node.is_folder else {}
        return self._folders[path]

    def read(self, node: Node) -> bytes:
        """The content of a file, or where a link leads."""
        found = self.objects.read(node.object)
        if found.kind != "blob":
            raise GitError(f"the object {node.object} is a {found.kind} and no file")
        return found.data

    def _read_folder(self, name: str) -> dict[str, Node]:
        found = self.objects.read(name)
        if found.kind == "commit":
            line = found.data.split(b"\n", 1)[0]
            found = self.objects.read(line.removeprefix(b"tree ").decode("ascii", errors="replace"))
        if found.kind != "tree":
            raise GitError(f"the object {name} is a {found.kind} and no folder")
        return dict(_read_entries(found.data, len(name) // 2))


def _read_entries(data: bytes, size: int) -> Iterator[tuple[str, Node]]:
    """The entries of a tree: mode, name and, in so many bytes, the object."""
    start = 0
    while start < len(data):
        space = data.index(b" ", start)
        end = data.index(b"\0", space)
        name, following = os.fsdecode(data[space + 1 : end]), end + 1 + size
        if name in NO_NAMES or "/" in name:
            raise GitError("a folder of this commit holds a name that is none")
        yield name, Node(data[start:space].decode("ascii"), data[end + 1 : following].hex())
        start = following
