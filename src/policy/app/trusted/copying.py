"""Files of a commit, copied into a folder as far as they are asked for; what git holds is all that is read."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Final

from policy.app.naming import list_folders
from policy.errors import Location, PolicyError, Problem
from policy.loading.bundles.late import LOCK_NAME
from policy.loading.file_listing import is_yaml
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME

if TYPE_CHECKING:
    from typing import Protocol

    from policy.loading.git.trees import Node

    class Source(Protocol):
        """Where files come from: a commit, or the work tree."""

        def find(self, path: str) -> Node | None: ...
        def list_folder(self, path: str) -> dict[str, Node]: ...
        def read(self, node: Node) -> bytes: ...


MOST_LINKS: Final = 40


class Copy:
    """A folder (absolute) for parts of a tree; `top` is the folder above it, or itself, that positions begin from.

    `files` are the contents of what was asked for by its path, None where there is nothing; of a folder those of the
    YAML files in it, which are all that a policy set reads there. Links are copied as links, with what they lead to,
    and never lead out. `outside` are the absolute paths that were named, which nothing is copied from.
    """

    def __init__(self, tree: Source, folder: str, top: str) -> None:
        self.tree = tree
        self.folder = folder
        self.top = top
        self.files: dict[str, bytes | None] = {}
        self.folders: dict[str, frozenset[str]] = {}
        self.outside: set[str] = set()

    def is_same(self, other: Copy) -> bool:
        """Whether everything that was looked for is the same in the other copy."""
        return (self.files, self.folders) == (other.files, other.folders)

    def may_hold(self, path: str) -> bool:
        """Whether a path was looked for, or would be copied with a folder that was."""
        folders = self.folders.keys()
        return path in self.files or any(folder in folders for folder in list_folders(path))

    def fetch(self, path: str, *, inside: bool = True, whole: bool = False) -> str:
        """Copy what is at a path from the root, and give the path that it is really at. Raises PolicyError, GitError.

        Of a folder what a policy set may read in it is copied too, unless not `inside`; with `whole` all that it holds.
        """
        real = self._resolve(path)
        node = self.tree.find(real)
        if node is None:
            self.files.setdefault(real, None)
        elif node.is_folder:
            os.makedirs(os.path.join(self.folder, real), exist_ok=True)
            if inside:
                self._fetch_folder(real, whole=whole)
        else:
            self._write(real, node)
        return real

    def fetch_sets(self, folder: str) -> None:
        """Copy what may be a policy set in a folder, which need not be there."""
        for name in (SET_NAME, PROJECT_NAME, LOCK_NAME):
            real = self.fetch(posixpath.join(folder, name), inside=False)
            content = self.files.get(real) or b""
            if name == PROJECT_NAME and not (b"tool" in content and b"policy" in content):
                # One without a policy set may change as it likes.
                self.files[real] = None

    def _fetch_folder(self, folder: str, *, whole: bool) -> None:
        if folder in self.folders and not whole:
            return
        nodes = {
            name: node
            for name, node in self.tree.list_folder(folder).items()
            if whole
            or (not name.startswith(".") and (is_yaml(name) or node.is_folder or node.is_link or node.is_module))
        }
        self.folders[folder] = frozenset(nodes)
        for name, node in nodes.items():
            path = posixpath.join(folder, name)
            if node.is_module:
                raise PolicyError(self._refuse_module(path))
            self.fetch(path, whole=whole)

    def _resolve(self, path: str) -> str:
        """The path without links on the way, and none at its end; those that were met are copied."""
        waiting, at, links = [part for part in path.split("/") if part not in ("", ".")], "", [""]
        while waiting:
            part = waiting.pop(0)
            if part == "..":
                if not at:
                    raise PolicyError(self._refuse_way(path, links[-1]))
                at = posixpath.dirname(at)
                continue
            here = posixpath.join(at, part)
            node = self.tree.find(here)
            if node is not None and node.is_module:
                raise PolicyError(self._refuse_module(here))
            if node is None or not node.is_link:
                at = here
                continue
            links.append(here)
            target = self._read_link(here, node)
            if len(links) > MOST_LINKS or not target or "\0" in target or posixpath.isabs(target):
                raise PolicyError(self._refuse_way(path, here))
            self._link(here, target)
            waiting = [*(word for word in target.split("/") if word not in ("", ".")), *waiting]
        return at

    def _read_link(self, path: str, node: Node) -> str:
        content = self.tree.read(node)
        self.files[path] = b"link " + content
        return os.fsdecode(content)

    def _refuse_way(self, path: str, link: str) -> Problem:
        if not link:
            return Problem(f"`{path}` leads out of the repository", "name what is inside")
        message, remedy = (
            "this link leads out of the repository, or in a circle",
            "replace it by what it should lead to",
        )
        return Problem(message, remedy, self._place(link))

    def _refuse_module(self, path: str) -> Problem:
        message = f"`{path}` is a submodule: its policies are another repository's, and are not in this one's objects"
        remedy = "copy them into this repository, or name by its absolute path a folder that they are checked out to"
        return Problem(message, remedy, self._place(path))

    def _place(self, path: str) -> Location:
        return Location(os.path.relpath(os.path.join(self.folder, path), self.top).replace(os.sep, "/"))

    def _write(self, path: str, node: Node) -> None:
        target = os.path.join(self.folder, path)
        if not os.path.lexists(target):
            self.files[path] = content = self.tree.read(node)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb") as stream:
                stream.write(content)

    def _link(self, path: str, target: str) -> None:
        place = os.path.join(self.folder, path)
        if not os.path.lexists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(target, place)
