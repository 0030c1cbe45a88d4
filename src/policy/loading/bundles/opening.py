"""Bundles that a policy set names → folders whose content is what the digest says. Nothing is fetched by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.confinement import refuse_escape
from policy.loading.bundles.content import digest_files, measure
from policy.loading.bundles.folders import read_folder
from policy.loading.bundles.names import looks_packed
from policy.loading.bundles.reference import ENDINGS, PATH, find_reference, needs_pin, refuse_unpinned
from policy.loading.bundles.store import Kept, find_store
from policy.source.file import read_bytes
from policy.source.limits import DEFAULT_LIMITS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.errors import Location
    from policy.loading.bundles.content import Files
    from policy.loading.bundles.reference import Reference

    Fetch = Callable[[Reference], Files]

FETCH = "run `policy bundle fetch`"


class OpenBundle(NamedTuple):
    """A bundle that was verified: the folder that its files are read from (absolute, real), and how much they are."""

    reference: Reference
    folder: str
    files: int
    size: int


class Opener:
    """Opens the bundles of one policy set, each once; `used` are all of them by how they are named.

    `fetch` gets what is neither beside the policy set nor kept; without it, that is an error.
    """

    def __init__(self, fetch: Fetch | None = None) -> None:
        self.used: dict[str, OpenBundle] = {}
        self._fetch = fetch
        self._opened: dict[tuple[str, str], OpenBundle] = {}

    def open(self, name: str, folder: str, location: Location | None = None, top: str = "") -> OpenBundle | None:
        """The bundle of that name, a path being relative to `folder`; None where it names none. Raises PolicyError.

        Where a file of another bundle names it, `top` is that one's folder.
        """
        try:
            reference = find_reference(name)
            if reference is None:
                _check_pin(name, folder)
                return None
            _check_escape(reference, folder, top, location)
            return self._open_once(reference, folder)
        except PolicyError as error:
            raise PolicyError(*(_name_place(problem, location) for problem in error.problems)) from None

    def _open_once(self, reference: Reference, folder: str) -> OpenBundle:
        key = reference.text, folder if reference.kind == PATH else ""
        if key not in self._opened:
            self._opened[key] = self._open(reference, folder)
        return self.used.setdefault(reference.text, self._opened[key])

    def _open(self, reference: Reference, folder: str) -> OpenBundle:
        path = os.path.join(folder, reference.place) if reference.kind == PATH else ""
        if path and os.path.isdir(path):
            files = read_folder(path, reference.place)
            check_digest(reference, files)
            if self._fetch is not None:
                # A copy of the policy set, such as a hook makes, finds it there where the path leads nowhere.
                Kept(find_store(), reference.digest).keep(files)
            return _describe(reference, os.path.realpath(path), files)
        kept = Kept(find_store(), reference.digest)
        if path and os.path.lexists(path):
            found = read_file(path, reference.place, reference.subdirectory)
            check_digest(reference, found)
            kept.keep(found)
        elif not kept.verify():
            kept.fill(self._get(reference, kept))
        return _describe(reference, kept.folder, kept.files)

    def _get(self, reference: Reference, kept: Kept) -> Files:
        if reference.kind == PATH:
            message = f"there is no bundle at `{reference.place}`, and none of its digest is kept here"
            raise PolicyError(Problem(message, "check the path; it is relative to the file that names it"))
        if self._fetch is None:
            damaged = "was damaged or changed where it is kept" if kept.is_there else "is not kept here"
            message = f"the bundle `{reference.name}` {damaged}, and no check fetches anything"
            raise PolicyError(Problem(message, f"{FETCH}, from a network that reaches it"))
        files = self._fetch(reference)
        check_digest(reference, files)
        return files


def read_file(path: str, shown: str, subdirectory: str = "") -> dict[str, bytes]:
    """The files in the archive at `path`. Raises PolicyError."""
    if not path.endswith(ENDINGS):
        message = f"`{shown}` is neither a folder nor a .tar.gz file"
        raise PolicyError(Problem(message, "pack a folder with `policy bundle build`"))
    from policy.loading.bundles.archives import LARGEST_ARCHIVE, read_archive  # folders do without

    data = read_bytes(path, shown, DEFAULT_LIMITS._replace(max_bytes=LARGEST_ARCHIVE))
    return read_archive(data, shown, subdirectory)


def check_digest(reference: Reference, files: Files) -> None:
    """Raises PolicyError where the files are not those that the reference names."""
    digest = digest_files(files)
    if digest != reference.digest:
        message = f"the content of the bundle `{reference.name}` is not what it is pinned to: it has {digest}"
        remedy = "where the change is meant, pin it anew after a look at it; where not, get the bundle that was pinned"
        raise PolicyError(Problem(message, remedy))


def _check_pin(name: str, folder: str) -> None:
    if looks_packed(name, folder) or needs_pin(name):
        raise refuse_unpinned(name)


def _check_escape(reference: Reference, folder: str, top: str, location: Location | None) -> None:
    escape = top and reference.kind == PATH and refuse_escape(folder, reference.place, top, location)
    if escape:
        raise PolicyError(escape)


def _describe(reference: Reference, folder: str, files: Files) -> OpenBundle:
    return OpenBundle(reference, folder, len(files), measure(files))


def _name_place(problem: Problem, location: Location | None) -> Problem:
    """The problem at the place where the bundle is named, for the reader has no file of it before them."""
    if location is None:
        return problem
    message = f"{problem.location}: {problem.message}" if problem.location else problem.message
    return problem._replace(message=message, location=location)
