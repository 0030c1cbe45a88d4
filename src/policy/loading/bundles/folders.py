"""A folder as a bundle: its regular files but the hidden ones, and nothing that a link leads to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.loading.bundles.content import LARGEST_FILE, MOST_FILES, check_content, refuse_members
from policy.loading.bundles.names import find_fault
from policy.source.file import read_bytes
from policy.source.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = DEFAULT_LIMITS._replace(max_bytes=LARGEST_FILE)
PUT_IN_PLACE = "put the file itself there, or name another folder"


def read_folder(folder: str, shown: str) -> dict[str, bytes]:
    """The files of a bundle by path. Raises PolicyError."""
    sizes: dict[str, int] = {}
    faults: list[str] = []
    try:
        for path, entry in _walk(folder, ""):
            fault = find_fault(path) or _find_kind(entry)
            if fault:
                faults.append(f"`{path}` {fault}")
            else:
                sizes[path] = entry.stat(follow_symlinks=False).st_size
            if len(sizes) + len(faults) > MOST_FILES:
                break
    except OSError as error:
        fault = f"`{error.filename}` cannot be looked into: {error.strerror}"
        raise refuse_members(shown, [fault], "check whether it may be read") from None
    if faults:
        raise refuse_members(shown, faults, PUT_IN_PLACE)
    check_content(sizes, shown)
    return {path: read_bytes(os.path.join(folder, path), f"{shown}/{path}", LIMITS) for path in sizes}


def _walk(folder: str, inner: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in found:
        path = f"{inner}{entry.name}"
        # Names that nothing can hold are not looked below: so no tree is too deep for this.
        if entry.is_dir(follow_symlinks=False) and not find_fault(path):
            yield from _walk(entry.path, f"{path}/")
        else:
            yield path, entry


def _find_kind(entry: os.DirEntry[str]) -> str:
    """What the entry is instead of a file; empty for a file."""
    if entry.is_symlink():
        return "is a link"
    return "" if entry.is_file(follow_symlinks=False) else "is no regular file"
