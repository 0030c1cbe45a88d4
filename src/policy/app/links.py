"""Links to what is changed: by whatever names lead to a changed path, it is changed."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Final

from policy.app.naming import list_folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

# No system follows more links in one name.
DEEPEST: Final = 40
MOST: Final = 10_000


def follow_links(root: str, links: Iterable[str], changed: Collection[str]) -> dict[str, str] | None:
    """The other names of changed paths, each with the path that it leads to; None where there are too many."""
    by_target: dict[str, list[str]] = {}
    for link in links:
        target = _find_target(root, link)
        # What leads to a folder that it is in would name everything there again.
        if target is not None and not f"{link}/".startswith(f"{target}/" if target else ""):
            by_target.setdefault(target, []).append(link)
    found: dict[str, str] = {}
    waiting: Collection[str] = changed if by_target else ()
    for _ in range(DEEPEST):
        names = {
            name: found.get(path, path)
            for path in sorted(waiting)
            for name in _rename(path, by_target)
            if name not in found and name not in changed
        }
        waiting = names
        found |= names
        if len(found) > MOST:
            return None
    return found


def _rename(path: str, by_target: dict[str, list[str]]) -> Iterator[str]:
    """The names that links to a path have for it, and links to the folders that it is in."""
    for target in (path, *list_folders(path), ""):
        for link in by_target.get(target, ()):
            yield posixpath.join(link, posixpath.relpath(path, target or ".")) if target != path else link


def _find_target(root: str, link: str) -> str | None:
    """Where a link leads, by its text alone; None for one that leads out of the root, or is none any more."""
    try:
        target = os.readlink(os.path.join(root, link))
    except OSError:
        return None
    if "/.." in target.lstrip("./"):
        # Behind a link to a folder that is another way up.
        target = os.path.realpath(os.path.join(root, link))
    whole = os.path.normpath(os.path.join(root, os.path.dirname(link), target))
    relative = os.path.relpath(whole, root).replace(os.sep, "/")
    if relative == ".." or relative.startswith("../"):
        return None
    return "" if relative == "." else relative
