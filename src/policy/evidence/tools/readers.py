"""What a training-config reader sees of the repository around its config, and how it refers to data there."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.evidence.paths import confine, find_entry
from policy.model.fact import Fact
from policy.source.file import read_bytes

if TYPE_CHECKING:
    from policy.plugins.contracts import DatasetReference


class RepositoryContext:
    """The `ConfigContext` of a config in the repository at `root`, whose links lead nobody out of it."""

    def __init__(self, root: str, folder: str = "", base: str = "", digest: str = "") -> None:
        self.root = root
        self.folder = folder
        self.base = base
        self.digest = digest

    def read_file(self, relative: str) -> bytes | None:
        """The content of a small file, its path relative to the root; None where it cannot be had."""
        try:
            return read_bytes(confine(self.root, relative), relative)
        except PolicyError:
            return None

    def exists(self, relative: str) -> bool:
        """Whether there is a file, its path relative to the root."""
        return find_entry(self.root, relative) == "file"

    def find_file(self, written: str) -> str | None:
        """The path from the root of the file that the config calls `written`."""
        return self._find(written, "file")

    def find_folder(self, written: str) -> str | None:
        """The path from the root of the folder that the config calls `written`."""
        return self._find(written, "folder")

    def _find(self, written: str, kind: str) -> str | None:
        if posixpath.isabs(written):
            return None
        # Tools read paths from the folder that they are started in: mostly the project's, else one near the config.
        for base in dict.fromkeys((self.base, *list_ancestors(self.folder), "")):
            path = posixpath.normpath(posixpath.join(base, written))
            if find_entry(self.root, path) == kind:
                return path
        return None


def list_ancestors(folder: str) -> list[str]:
    """The folder and those above it, nearest first, without the root."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def leads_outside(written: str) -> bool:
    """Whether a path as it is written cannot be one inside the repository."""
    return posixpath.normpath(written).startswith(("/", "~", "..")) or "\0" in written


def rebase(path: str, base: str) -> str:
    """A path from the root as a path from the folder `base`."""
    # As absolute paths: relative ones would be looked up in the working folder.
    return posixpath.relpath(f"/{path}", f"/{base}")


def describe_reference(reference: DatasetReference, base: str, source: str, digest: str) -> dict[str, Fact]:
    """The member of `data.sources` that a reference makes: its path or name, and its split."""
    told = {"path": rebase(reference.path, base)} if reference.path else {"name": reference.name}
    values = {**told, "split": reference.split}
    return {name: Fact(name, value, "observed", source, reference.location, digest) for name, value in values.items()}
