"""Paths that manifests and configs name, confined to the repository."""

from __future__ import annotations

import os
import posixpath
import stat
from typing import Literal

from policy.errors import PolicyError, Problem

_INSIDE = "name a file inside the repository by its relative path"


class UnreadablePathError(PolicyError):
    """A path that is not read; `refused` where it must not be, else the file is missing or may not be read."""

    def __init__(self, message: str, remedy: str, *, refused: bool) -> None:
        super().__init__(Problem(message, remedy, level="error" if refused else "warning"))
        self.refused = refused

    @property
    def problem(self) -> Problem:
        """What is wrong, without a location."""
        return self.problems[0]


def confine(root: str, relative: str) -> str:
    """The real absolute path of the regular file at `relative`, which lies inside `root`.

    Raises UnreadablePathError: refused for an absolute path, one that leads outside (by `..` or a symbolic
    link), a folder or a special file; not refused where the file is missing or may not be read.
    """
    real = _resolve(root, relative)
    try:
        mode = os.stat(real).st_mode
    except OSError as fault:
        raise _explain(fault, relative) from None
    if stat.S_ISDIR(mode):
        raise UnreadablePathError(f"`{relative}` is a folder, not a file", "name a file", refused=True)
    if not stat.S_ISREG(mode):
        message = f"`{relative}` is a pipe, socket or device, not a file"
        raise UnreadablePathError(message, "name a regular file", refused=True)
    if not os.access(real, os.R_OK):
        raise UnreadablePathError(
            f"`{relative}` may not be read", "give the user who runs this permission to read it", refused=False
        )
    return real


def find_entry(root: str, relative: str) -> Literal["file", "folder"] | None:
    """What is at `relative` inside `root`; None where there is nothing, or nothing that may be read."""
    # Most names are looked for and not there, which needs no following of links.
    if not os.path.lexists(os.path.join(root, posixpath.normpath(relative))):
        return None
    try:
        real = _resolve(root, relative)
    except UnreadablePathError:
        return None
    return "file" if os.path.isfile(real) else "folder" if os.path.isdir(real) else None


def is_missing(path: str) -> bool:
    """Whether nothing is at a path. What nobody may look at is not missing."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def _resolve(root: str, relative: str) -> str:
    """The real path of `relative`, or UnreadablePathError where it is not inside `root`."""
    if "\0" in relative:
        raise UnreadablePathError("the path holds a NUL character", _INSIDE, refused=True)
    if posixpath.isabs(relative) or os.path.isabs(relative):
        raise UnreadablePathError(f"`{relative}` is an absolute path", _INSIDE, refused=True)
    plain = posixpath.normpath(relative)
    if plain == ".." or plain.startswith("../"):
        raise UnreadablePathError(f"`{relative}` is outside the repository", _INSIDE, refused=True)
    base = os.path.realpath(root)
    try:
        real = os.path.realpath(os.path.join(base, plain))
    except ValueError:
        raise UnreadablePathError(f"{relative!a} is no path of this system", _INSIDE, refused=True) from None
    if real != base and not real.startswith(base.rstrip(os.sep) + os.sep):
        message = f"`{relative}` leads outside the repository by a symbolic link"
        raise UnreadablePathError(message, "replace the link by the file, or name another file", refused=True)
    return real


def _explain(fault: OSError, relative: str) -> UnreadablePathError:
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        return UnreadablePathError(f"`{relative}` does not exist", "check the path, or fetch the file", refused=False)
    if isinstance(fault, PermissionError):
        remedy = "give the user who runs this permission to read it"
        return UnreadablePathError(f"`{relative}` may not be read", remedy, refused=False)
    return UnreadablePathError(f"`{relative}` cannot be read: {fault.strerror}", "check the path", refused=False)
