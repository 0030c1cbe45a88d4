"""Whether a manifest or a training config may name a changed file, by its text alone."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What may name a data file; the last is LLaMA-Factory's index of data sets.
NAMING: Final = ("*.yaml", "*.yml", "MLproject", "dataset_info.json")
WORD: Final = re.compile(r"""[^\s"'\[\]{},]+""")
QUOTED: Final = re.compile(r'"([^"\n]*)"|' + r"'([^'\n]*)'")
PATTERN: Final = re.compile(r"[*?\[]")


class Changed(NamedTuple):
    """Changed files, and all folders that they lie in, the root left out."""

    files: frozenset[str]
    folders: frozenset[str]


def gather_changed(paths: Iterable[str]) -> Changed:
    """The changed files with their folders."""
    files = frozenset(paths)
    return Changed(files, frozenset(folder for file in files for folder in list_folders(file)))


def list_folders(file: str) -> list[str]:
    """The folders that a file lies in, the innermost first, without the root."""
    parts = file.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def find_named(file: str, text: str, changed: Changed) -> str:
    """What a file names of what is changed: the file, or a folder that it is in; empty for nothing.

    Tools read paths from the file's own folder or one above it. Text that is not what it means counts as naming.
    """
    if "\\" in text:
        return "what it writes with escapes"
    places = [*list_folders(file), ""]
    for word in dict.fromkeys(_list_words(text)):
        for place in places:
            path = posixpath.normpath(posixpath.join(place, _cut_pattern(word)))
            if path in changed.files or path in changed.folders:
                return path
    return ""


def _list_words(text: str) -> Iterator[str]:
    """Everything that may be a path."""
    for found in WORD.finditer(text):
        word = found[0]
        yield word
        if ":" in word or "=" in word:
            yield from filter(None, re.split("[:=]", word))
    for found in QUOTED.finditer(text):
        yield found[1] or found[2] or "."
    for line in text.splitlines():
        # A value with spaces in it that nobody quotes.
        if " " in line.strip():
            item = line.strip().removeprefix("- ")
            yield from filter(None, (item, item.partition(": ")[2].strip()))


def _cut_pattern(word: str) -> str:
    """Of a pattern the folder before it: what it matches lies there."""
    found = PATTERN.search(word)
    return word if found is None else posixpath.dirname(word[: found.start()]) or "."
