"""Names of files in a bundle: such as every system can hold, and none that leads elsewhere."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_CHARACTERS: Final = 500
DEEPEST: Final = 30
PACKED: Final = (".tar.gz", ".tgz", ".tar", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip", ".git", ".whl")
# Compiled when they are used: every check imports this, and few have a bundle.
FORBIDDEN: Final = r'[\x00-\x1f\x7f<>:"|?*\\]'
# Names that Windows takes for devices, whatever ending they bear.
DEVICES: Final = r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?"


def looks_packed(name: str, folder: str) -> bool:
    """Whether a name is that of an archive or a repository, and of no folder that is there."""
    return name.lower().endswith(PACKED) and "\0" not in name and not os.path.isdir(os.path.join(folder, name))


def is_hidden(path: str) -> bool:
    """Whether the file, or a folder on the way to it, is hidden: such are no part of a bundle."""
    return path.startswith(".") or "/." in path


def find_escape(path: str) -> str:
    """Why a name leads out of the bundle; empty where it does not."""
    parts = path.replace("\\", "/").split("/")
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "is an absolute path"
    return "leads out of it through `..`" if ".." in parts else ""


def find_fault(path: str) -> str:
    """Why a file of a bundle cannot be called so; empty where it can."""
    escape = find_escape(path)
    if escape:
        return escape
    parts = path.split("/")
    if (
        len(path) > MOST_CHARACTERS
        or len(parts) > DEEPEST
        or any(len(part.encode(errors="replace")) > 255 for part in parts)
    ):
        return "is too long, or too deep"
    if "" in parts or "." in parts:
        return "has an empty part"
    if re.search(FORBIDDEN, path):
        return "holds a character that not every system has in names"
    if any(part.endswith((".", " ")) or part.startswith(" ") or re.fullmatch(DEVICES, part) for part in parts):
        return "is a name that not every system can hold"
    if path.isascii():
        return ""
    from unicodedata import is_normalized  # few names need it

    try:
        path.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return "" if is_normalized("NFC", path) else "is not in Unicode's normal form C"


def find_twins(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that are one on some systems: by case, or as a file and as a folder."""
    spelled: dict[str, tuple[str, bool]] = {}
    for path in paths:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            here, is_file = "/".join(parts[:length]), length == len(parts)
            first, was_file = spelled.setdefault(here.casefold(), (here, is_file))
            if first != here or was_file != is_file:
                yield first, here
                break
