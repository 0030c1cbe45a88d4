"""The manifest that covers a folder: the nearest from there up to its repository's root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.loading.discovery import find_root
from policy.model.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_nearest(folder: str = ".") -> str | None:
    """The manifest's path, absolute; without a repository none from above the working folder."""
    files = (os.path.join(place, MANIFEST_NAME) for place in _list_above(folder))
    return next(filter(os.path.isfile, files), None)


def _list_above(folder: str) -> Iterator[str]:
    place, root = os.path.realpath(folder), find_root(folder)
    while place != root:
        yield place
        place = os.path.dirname(place)
    yield root
