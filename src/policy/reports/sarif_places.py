"""Places in files as SARIF writes them: addresses relative to the root, and regions that are complete."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from policy.errors import Location

ROOT: Final = "SRCROOT"


def write_place(place: Location, message: str = "") -> dict[str, Any]:
    """A location of a result or of something beside it, with what is said of it."""
    where = {"physicalLocation": {"artifactLocation": write_address(place.file), "region": write_region(place)}}
    return {**where, "message": {"text": message}} if message else where


def is_inside(file: str) -> bool:
    """Whether a path names a file below the root, which is all that an address relative to it can name."""
    return not os.path.isabs(file) and not file.startswith("../") and ":" not in file.partition("/")[0]


def write_address(file: str) -> dict[str, str]:
    """The address of a file below the root: no scheme, no leading slash, everything unusual percent-encoded."""
    return {"uri": encode_address(file), "uriBaseId": ROOT}


@lru_cache(maxsize=256)
def encode_address(file: str) -> str:
    """The path as an address; the findings of a project share a few files."""
    return quote(encode_path(file)).lstrip("/") or "."


def encode_path(file: str) -> bytes:
    """The bytes of a path; names of files need not be text."""
    try:
        return file.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return file.encode(errors="replace")


def write_region(place: Location) -> dict[str, int]:
    """All four numbers, from 1; where no end is known, the region is one character wide."""
    line, column = max(place.line, 1), max(place.column, 1)
    end_line, end_column = place.end_line, place.end_column
    if end_line < line or (end_line == line and end_column <= column) or end_column < 1:
        end_line, end_column = line, column + 1
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
