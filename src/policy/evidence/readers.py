"""The contract between training-config readers, one for each tool, and whoever collects evidence."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from policy.errors import PolicyError
from policy.evidence.paths import confine, find_entry
from policy.model.fact import Fact
from policy.source.file import read_bytes

if TYPE_CHECKING:
    from policy.errors import Location, Problem
    from policy.source.node import Document, Mapping


class DatasetReference(NamedTuple):
    """One dataset that a config names: a file of the repository (`path`), or something elsewhere (`name`).

    `path` is relative to the repository's root. With neither, the config names data that could not be made out.
    `resolved` is false where the tool would find more, or other, data than this says. At most `limit` rows are
    used; `portion` is the selection as the config writes it, such as `train[:20%]`, where it takes a part only.
    """

    path: str | None
    name: str | None
    split: str
    location: Location
    resolved: bool = True
    limit: int | None = None
    portion: str = ""


class ConfigFacts(NamedTuple):
    """What one training config tells."""

    facts: tuple[Fact, ...]
    datasets: tuple[DatasetReference, ...]
    problems: tuple[Problem, ...]


class ConfigContext:
    """Where a config stands: the only way in which a reader may look at other files of the repository.

    `folder` is the config's own folder and `base` that of the manifest which covers it, both relative to the
    repository's root, with `/`, empty for the root itself. Paths in facts are relative to `base`. `digest` is
    the SHA-256 of the config's bytes.
    """

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
        # Tools read paths from the folder that they are started in: mostly the root, else one near the config.
        for base in ("", *list_ancestors(self.folder)):
            path = posixpath.normpath(posixpath.join(base, written))
            if find_entry(self.root, path) == kind:
                return path
        return None


class TrainingConfigReader(Protocol):
    """Reads the training configs of one tool. A file is only parsed where one of `marks` occurs in its bytes."""

    name: str
    marks: tuple[bytes, ...]

    def recognise(self, root: Mapping) -> bool:
        """Whether this is a config that trains a model, and is written for this tool."""

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        """What a recognised config tells; a value that cannot be read is left out and noted as a warning."""


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
