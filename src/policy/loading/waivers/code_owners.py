"""Whether code owners guard a path: CODEOWNERS as GitHub and GitLab read it, and where they differ, as the stricter."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first of its list is the one that a platform reads; which platform it is nobody can tell from here.
PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
SECTION = re.compile(r"(?P<optional>\^)?\[[^\]]+\](?:\[(?P<count>[0-9]+)\])?(?P<owners>.*)")
OWNER = re.compile(r"@{1,2}[\w./-]+|[^\s@]+@[^\s@]+")
WORD = re.compile(r"(?:\\.|[^\s\\])+")


class Line:
    """One pattern and whether anybody owns what it matches."""

    __slots__ = ("owned", "pattern", "section")

    def __init__(self, pattern: str, section: int, *, owned: bool) -> None:
        self.pattern = pattern
        self.section = section
        self.owned = owned


def is_owned(text: str, path: str) -> bool:
    """Whether this CODEOWNERS assigns owners, whose approval is needed, to a path from the root with `/`.

    Of the lines of a section the last one that matches decides. A line that gives owners must match by either
    reading of its pattern, and one that takes them away by any.
    """
    owned: dict[int, bool] = {}
    for line in _read_lines(text):
        readings = _match(line.pattern, path)
        if (line.owned and all(readings)) or (not line.owned and any(readings)):
            owned[line.section] = line.owned
    return any(owned.values())


def _read_lines(text: str) -> Iterator[Line]:
    section, default, needed = 0, False, True
    for raw in text.splitlines():
        content = re.sub(r"(?:^|(?<=\s))#.*", "", raw).strip()
        header = SECTION.fullmatch(content)
        if header is not None:
            section += 1
            needed = header["optional"] is None and header["count"] != "0"
            default = _has_owner(header["owners"].split())
        elif content:
            pattern, *owners = WORD.findall(content)
            excludes = pattern.startswith("!")
            owned = needed and not excludes and (_has_owner(owners) or (default and not owners))
            yield Line(re.sub(r"\\(.)", r"\1", pattern.removeprefix("!")), section, owned=owned)


def _has_owner(words: list[str]) -> bool:
    return any(OWNER.fullmatch(word) for word in words)


def _match(pattern: str, path: str) -> tuple[bool, bool]:
    """Whether the pattern matches as the stricter and as the wider reading has it."""
    anchored = pattern.startswith("/")
    words = [part for part in pattern.split("/") if part]
    # Several in a row say no more than one, and would take long.
    parts = [part for number, part in enumerate(words) if part != "**" or words[number - 1 : number] != ["**"]]
    if not parts:
        return (False, True)
    folder = pattern.endswith("/")
    # A slash in the middle ties a pattern to the root on GitHub, and on GitLab only one in front does.
    tied = anchored or len(parts) > 1
    names = path.split("/")
    strict = _match_parts(parts if tied else ["**", *parts], names, folder=folder, below="*" not in parts[-1])
    wide = _match_parts(parts if anchored else ["**", *parts], names, folder=False, below=True)
    return strict, wide


def _match_parts(parts: list[str], names: list[str], *, folder: bool, below: bool) -> bool:
    """Whether the parts match the names or, where `below`, a folder above; only a folder where `folder`."""
    if not parts:
        return bool(names) if folder else (not names or below)
    if parts[0] == "**":
        starts = range(len(names) + 1) if len(parts) > 1 else range(len(names), len(names) + 1)
        return any(_match_parts(parts[1:], names[start:], folder=folder, below=below) for start in starts)
    if not names or not fnmatchcase(names[0], parts[0].replace("[", "[[]")):
        return False
    return _match_parts(parts[1:], names[1:], folder=folder, below=below)
