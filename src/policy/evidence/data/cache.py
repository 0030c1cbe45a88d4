"""Counts of large data files kept on disk, so that unchanged data is not read again.

An entry is found by the file's real path, size, times, inode and device, never by what a project says. The time of
the last change to the inode is among them: no program can set it back, so a file that was replaced under its old time
of modification is read again. Or it is found by the SHA-256 of the content, wherever that lies. An entry holds counts,
places and digests, no values. The folder is the judge's: it is not used
where it lies inside the repository that is judged, or where others may write to it. In continuous integration, where
earlier jobs may have filled it, it is used only where `POLICY_CACHE_DIR` names it.
"""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = int | str

# Changes with what an entry means.
_EDITION = f"data-1 {__version__}"
_LARGEST_ENTRY = 16 * 1024
_MOST_ENTRIES = 10_000
# A file system's clock is coarse: what changed within this time could change again unnoticed.
SETTLED_SECONDS = 2.0


class Identity(NamedTuple):
    """What tells one state of a file from all others, without reading it."""

    real: str
    size: int
    modified: int
    changed: int
    inode: int
    device: int


def identify(real: str) -> Identity:
    """The present state of the file at an absolute path; raises OSError."""
    status = os.stat(real)
    return Identity(real, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


class ObservationCache:
    """A folder of entries, one file each, which several processes may use at once.

    It can be deleted at any time; what cannot be read or written is skipped.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def load(self, kind: str, files: Sequence[Identity]) -> dict[str, Value] | None:
        """What was kept about files in exactly this state; the caller checks that it is what it should be."""
        return self._load(_name(kind, [list(file) for file in files]))

    def load_content(self, kind: str, digest: str) -> dict[str, Value] | None:
        """What was kept about a content, by its SHA-256; as with `load` the caller checks it."""
        return self._load(_name(kind, digest))

    def _load(self, name: str) -> dict[str, Value] | None:
        try:
            with open(os.path.join(self._folder, name), "rb") as stream:
                entry = json.loads(stream.read(_LARGEST_ENTRY))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(entry, dict) or entry.pop("entry", None) != name:
            return None
        return entry if all(type(value) in (int, str) for value in entry.values()) else None

    def save(self, kind: str, files: Sequence[Identity], values: Mapping[str, Value]) -> None:
        """Keep what was observed, unless a file has changed since, or so lately that it could again unnoticed."""
        newest = time.time() - SETTLED_SECONDS
        try:
            if any(identify(file.real) != file or file.changed / 1e9 > newest for file in files):
                return
            self._write(_name(kind, [list(file) for file in files]), values)
        except OSError:
            return

    def save_content(self, kind: str, digest: str, values: Mapping[str, Value]) -> None:
        """Keep what was observed of a content with this SHA-256."""
        with suppress(OSError):
            self._write(_name(kind, digest), values)

    def _write(self, name: str, values: Mapping[str, Value]) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        path = os.path.join(self._folder, name)
        # Another process can write the same entry at the same time: each writes its own file, and the last stays. The
        # numbers of processes are not enough to tell them apart: containers that share the folder count by themselves.
        own = f"{path}.{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(own, flags, 0o600), "w", encoding="utf-8") as stream:
                json.dump({"entry": name, **values}, stream)
            os.replace(own, path)
        except OSError:
            _remove(own)
            raise
        self._prune()

    def _prune(self) -> None:
        """Drop the older half where there are too many."""
        names = os.listdir(self._folder)
        if len(names) <= _MOST_ENTRIES:
            return
        paths = [os.path.join(self._folder, name) for name in names]
        for path in sorted(paths, key=_get_age)[: len(paths) // 2]:
            _remove(path)


def open_cache(root: str) -> ObservationCache | None:
    """The cache for judging the repository at `root`; None where there is to be none, or none that can be trusted."""
    named = os.environ.get("POLICY_CACHE_DIR", "")
    if os.environ.get("POLICY_CACHE", "").lower() in ("off", "0", "no", "false"):
        return None
    if not named and os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return None
    base = named or _find_home()
    if not os.path.isabs(base):
        return None
    folder = os.path.join(os.path.realpath(base), "data")
    if _is_inside(folder, os.path.realpath(root)) or not _is_ours(folder):
        return None
    return ObservationCache(folder)


def _find_home() -> str:
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # as the XDG specification wants relative ones to be ignored
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "tunegate")


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_ours(folder: str) -> bool:
    """Whether nobody else can write to the folder, or, where it is not there yet, to what it will be made in."""
    while True:
        try:
            status = os.stat(folder)
        except FileNotFoundError:
            parent = os.path.dirname(folder)
            if parent == folder:
                return False
            folder = parent
            continue
        except OSError:
            return False
        break
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):  # such systems keep a user's folders apart by other means
        return True
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
    return status.st_uid in (os.getuid(), 0) and not shared


def _name(kind: str, told_apart: object) -> str:
    told = json.dumps([_EDITION, kind, told_apart])
    return f"{sha256(told.encode()).hexdigest()}.json"


def _get_age(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _remove(path: str) -> None:
    with suppress(OSError):
        os.remove(path)
