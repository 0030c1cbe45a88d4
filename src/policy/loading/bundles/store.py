"""Where the files of bundles are kept, a folder for each content, so that they can be used without a network.

What is kept is verified each time before it is used: the folder may be filled by an earlier job, restored from
elsewhere, or deleted at any time. Only where other users can write to it, it is not used: between verifying and
reading they could put something else in its place.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.folders import read_folder

if TYPE_CHECKING:
    from policy.loading.bundles.content import Files

REMEDY = "let POLICY_CACHE_DIR name a folder of your own that can be written"
# Several processes may replace what is damaged at the same time.
ATTEMPTS = 10


class Kept:
    """One content by its digest: the folder that it is or would be kept in, and whether it is there and whole."""

    def __init__(self, folder: str, digest: str) -> None:
        self.folder = os.path.join(folder, digest.replace(":", os.sep))
        self.digest = digest
        self.files: Files = {}

    def verify(self) -> bool:
        """Whether the content is there, and is what its digest says."""
        self.files = {}
        if not os.path.isdir(self.folder) or os.path.islink(self.folder):
            return False
        try:
            files = read_folder(self.folder, "cache")
        except PolicyError:
            return False
        if digest_files(files) == self.digest:
            self.files = files
        return bool(self.files)

    @property
    def is_there(self) -> bool:
        """Whether anything is there, be it damaged."""
        return os.path.lexists(self.folder)

    def keep(self, files: Files) -> None:
        """Keep these files, whose digest was checked, unless they are there and whole. Raises PolicyError."""
        if not self.verify():
            self.fill(files)

    def fill(self, files: Files) -> None:
        """Keep these files in place of what is there. Raises PolicyError."""
        parent = os.path.dirname(self.folder)
        made = os.path.join(parent, f".new-{os.urandom(8).hex()}")
        try:
            os.makedirs(parent, mode=0o700, exist_ok=True)
            _write_files(made, files)
            self._put_in_place(made)
        except OSError as error:
            remove_tree(made)
            message = f"a bundle cannot be kept in `{parent}`: {error.strerror or error}"
            raise PolicyError(Problem(message, REMEDY)) from None
        self.files = files

    def _put_in_place(self, made: str) -> None:
        for attempt in range(ATTEMPTS):
            try:
                return os.rename(made, self.folder)
            except OSError:
                # Another process was first, which is as good, or what is there is not what it should be.
                if self.verify():
                    return remove_tree(made)
                if attempt == ATTEMPTS - 1:
                    raise
            with suppress(OSError):
                os.rename(self.folder, f"{made}-old")
            remove_tree(f"{made}-old")
        return None


def _write_files(folder: str, files: Files) -> None:
    os.mkdir(folder, mode=0o700)
    for path, data in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        # Read-only, so that nobody edits a copy by mistake.
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as stream:
            stream.write(data)


def remove_tree(folder: str) -> None:
    """Delete a folder as far as possible."""
    from shutil import rmtree

    with suppress(OSError):
        if os.path.isdir(folder) and not os.path.islink(folder):
            rmtree(folder, ignore_errors=True)
        else:
            os.unlink(folder)


def find_store() -> str:
    """The folder of all bundles: below POLICY_CACHE_DIR, or that of the user's caches. Raises PolicyError."""
    base = os.environ.get("POLICY_CACHE_DIR", "") or _find_home()
    if not os.path.isabs(base):
        raise PolicyError(Problem(f"POLICY_CACHE_DIR is `{base}`, which is no absolute path", REMEDY))
    folder = os.path.join(os.path.realpath(base), "bundles")
    if not _is_ours(folder):
        raise PolicyError(Problem(f"other users can write to `{folder}`, or it is no folder", REMEDY))
    return folder


def _find_home() -> str:
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # as the XDG specification wants relative ones to be ignored
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "tunegate")


def _is_ours(folder: str) -> bool:
    """Whether nobody else can write to the folder, or where it is not there yet to what it will be made in."""
    status = None
    while status is None:
        try:
            status = os.stat(folder)
        except FileNotFoundError:
            parent = os.path.dirname(folder)
            if parent == folder:
                return False
            folder = parent
        except OSError:
            return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):  # such systems keep a user's folders apart by other means
        return True
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
    return status.st_uid in (os.getuid(), 0) and not shared
