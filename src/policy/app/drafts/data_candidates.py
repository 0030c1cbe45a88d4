"""Data files that nothing names: found by what they are called."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.loading.file_listing import SKIPPED_FOLDERS
from policy.model.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDINGS = (".json", ".jsonl", ".ndjson")
# Beyond these numbers a person has to say which ones count.
MOST_FOUND = 20
MOST_LOOKED_AT = 20_000
_SPLITS = {
    "train": "train",
    "training": "train",
    "trainset": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testset": "test",
}


def find_data_files(folder: str) -> list[tuple[str, str]]:
    """Paths below a folder, relative to it and sorted, and the split that each name tells; the first of them only."""
    found: list[tuple[str, str]] = []
    for path in walk_files(folder):
        split = tell_split(path)
        if split:
            found.append((path, split))
            if len(found) == MOST_FOUND:
                break
    return sorted(found)


def tell_split(path: str) -> str:
    """The split that the name of a data file tells; empty for any other file, or where it names several."""
    stem, ending = os.path.splitext(os.path.basename(path).lower())
    if ending not in ENDINGS:
        return ""
    words = re.split(r"[^a-z]+", stem)
    splits = {_SPLITS[word] for word in words if word in _SPLITS}
    return splits.pop() if len(splits) == 1 else ""


def walk_files(top: str) -> Iterator[str]:
    """Files below a folder: nothing hidden, no links followed, and nothing that another manifest covers."""
    looked_at = 0
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if _belongs(folder, name))
        for name in sorted(files):
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return
            path = os.path.join(folder, name)
            if not name.startswith(".") and os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, top).replace(os.sep, "/")


def _belongs(folder: str, name: str) -> bool:
    path = os.path.join(folder, name)
    elsewhere = (os.path.join(path, MANIFEST_NAME), os.path.join(path, ".git"))
    return not name.startswith(".") and name not in SKIPPED_FOLDERS and not any(map(os.path.lexists, elsewhere))
