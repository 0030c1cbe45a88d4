"""Recorded sources → the policy set, read by the ordinary loader from a folder of its own that nothing leads out of."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from policy.app.recording.fields import decode_field
from policy.errors import PolicyError, Problem
from policy.loading.bundles.late import LateOpener
from policy.loading.bundles.opening import OpenBundle
from policy.loading.bundles.reference import find_reference
from policy.loading.policy_sets.files import open_policy_set
from policy.loading.policy_sets.reader import Contributed, load_policy_set
from policy.loading.tables.files import make_shipped
from policy.plugins.contracts import PolicySource
from policy.source.file import watch_reads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.errors import Location
    from policy.loading.policy_sets.layers import Name
    from policy.model.policy import PolicySet
    from policy.model.recorded.sources import Sources
    from policy.source.file import ReadFile

    Read = Callable[[str], bytes]

REMEDY = "verify the ledger"
# No policy set lies that deep below what it extends.
DEEPEST = 60


def rebuild_policy_set(sources: Sources, read: Read) -> PolicySet:
    """The policy set of recorded sources, whose files `read` gives by their digests. Raises PolicyError."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True) as made:
        folder = Folder(os.path.realpath(made), sources, read)
        folder.fill()
        with watch_reads(folder.refuse_outside):
            return folder.load()


class Folder:
    """A folder (absolute, real) in which the files of a policy set stand to each other as they stood."""

    def __init__(self, folder: str, sources: Sources, read: Read) -> None:
        self.folder = folder
        self.sources = sources
        self.read = read
        keys = (*sources.files, *sources.links, *sources.links.values(), *sources.absolute.values())
        above = max((key.split("/").count("..") for key in keys), default=0)
        if above > DEEPEST:
            raise PolicyError(Problem("the recorded policy set lies deeper than any does", REMEDY))
        self.outermost = os.path.join(folder, "tree")
        # So deep that no path leads above it.
        self.top = os.path.join(self.outermost, *["above"] * above, "root")

    def fill(self) -> None:
        """Write all files, then the links. Raises PolicyError."""
        os.makedirs(self.top)
        for name in self.sources.sources:
            os.makedirs(self._locate(name, os.path.join(self.folder, "sources")), exist_ok=True)
        try:
            for path, data in self._list_files():
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "xb") as stream:
                    stream.write(data)
            for key, target in self.sources.links.items():
                path = self._locate(key)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(self._locate(target), path)
        except (OSError, ValueError) as error:
            message = f"the recorded policy set cannot be laid out: {getattr(error, 'strerror', None) or error}"
            raise PolicyError(Problem(message, REMEDY)) from None

    def _list_files(self) -> list[tuple[str, bytes]]:
        sources = self.sources
        layers = {self._locate(layer) for layer in sources.layers if layer in sources.files}
        found = []
        for key, digest in sources.files.items():
            path, data = self._locate(key), self.read(digest)
            found.append((path, self._lead_inside(data) if path in layers else data))
        for kind, folders in (("sources", sources.sources), ("bundles", sources.bundles)):
            for name, files in folders.items():
                folder = self._locate(name.replace(":", "-"), os.path.join(self.folder, kind))
                found += [(self._locate(file, folder), self.read(digest)) for file, digest in files.items()]
        return found

    def _locate(self, key: str, folder: str = "") -> str:
        """The path that a recorded one has here. Raises PolicyError for one that leads out."""
        top, outermost = (folder, folder) if folder else (self.top, self.outermost)
        path = os.path.normpath(os.path.join(top, *key.split("/")))
        if not key or "\0" in key or posixpath.isabs(key) or not f"{path}{os.sep}".startswith(outermost + os.sep):
            raise PolicyError(Problem("a file of the recorded policy set has a path that no file has", REMEDY))
        return path

    def _lead_inside(self, data: bytes) -> bytes:
        """The file of a layer, absolute paths that it names leading to where they lead here."""
        for name in sorted(self.sources.absolute, key=len, reverse=True):
            path = self._locate(self.sources.absolute[name]).replace(os.sep, "/")
            data = data.replace(name.encode(), path.encode())
        return data

    def refuse_outside(self, read: ReadFile) -> None:
        """Raises PolicyError for a file that is none of those that were recorded."""
        if not os.path.realpath(read.path).startswith(self.folder + os.sep):
            raise PolicyError(Problem(f"`{read.file}` is not among the files that were recorded", REMEDY))

    def load(self) -> PolicySet:
        """The policy set. Raises PolicyError."""
        sources = self.sources
        folders = {name: os.path.join(self.folder, "sources", name) for name in sources.sources}
        contributed = Contributed(
            [PolicySource(name, folder) for name, folder in folders.items()], [*map(decode_field, sources.fields)]
        )

        def give(_: Sequence[Name]) -> Contributed:
            return contributed

        found = open_policy_set(self._locate(sources.config), self.top) if sources.config is not None else None
        if sources.config is not None and found is None:
            raise PolicyError(Problem(f"`{sources.config}` holds no policy set", REMEDY))
        bundles = {digest: os.path.join(self.folder, "bundles", digest.replace(":", "-")) for digest in sources.bundles}
        tables = make_shipped({name: self.read(digest) for name, digest in sources.tables.items()})
        return load_policy_set(found, give, bundles=RecordedBundles(bundles), tables=tables)


class RecordedBundles(LateOpener):
    """Opens the bundles that were recorded, whose folders are given by the digests of their content."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        super().__init__()
        self._folders = folders
        self._used: dict[str, OpenBundle] = {}

    @property
    def used(self) -> Mapping[str, OpenBundle]:
        """The bundles that were opened, by how they are named."""
        return self._used

    def open(self, name: str, folder: str, location: Location | None = None, top: str = "") -> OpenBundle | None:
        """The bundle of that name; None where it names none. Raises PolicyError."""
        reference = find_reference(name)
        if reference is None:
            return None
        if reference.digest not in self._folders:
            message = f"the bundle `{reference.name}` is not among what was recorded"
            raise PolicyError(Problem(message, REMEDY, location))
        opened = OpenBundle(reference, self._folders[reference.digest], 0, 0)
        return self._used.setdefault(reference.text, opened)
