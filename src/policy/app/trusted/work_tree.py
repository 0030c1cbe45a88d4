"""The files of the work tree, looked at as those of a commit are: no link is followed, and nothing outside is read."""

from __future__ import annotations

import os
import stat

from policy.loading.git.repositories import LINK, MODULE
from policy.loading.git.trees import FOLDER, Node
from policy.source.file import read_bytes

FILE = "100644"


class WorkTree:
    """The tree at a folder (absolute). A repository inside it is a module, as git has it."""

    def __init__(self, root: str) -> None:
        self.root = root

    def find(self, path: str) -> Node | None:
        """What is at a path; none of the folders on the way may be a link."""
        whole = os.path.join(self.root, path)
        try:
            mode = os.lstat(whole).st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(mode):
            return Node(LINK, path)
        if not stat.S_ISDIR(mode):
            return Node(FILE, path)
        return Node(MODULE if path and os.path.lexists(os.path.join(whole, ".git")) else FOLDER, path)

    def list_folder(self, path: str) -> dict[str, Node]:
        """What is directly in a folder, by name."""
        try:
            names = sorted(os.listdir(os.path.join(self.root, path)))
        except OSError:
            return {}
        found = {name: self.find(f"{path}/{name}" if path else name) for name in names}
        return {name: node for name, node in found.items() if node is not None}

    def read(self, node: Node) -> bytes:
        """The content of a file, or where a link leads. Raises PolicyError."""
        path = os.path.join(self.root, node.object)
        if node.is_link:
            try:
                return os.fsencode(os.readlink(path))
            except OSError:
                return b""
        return read_bytes(path, node.object)
