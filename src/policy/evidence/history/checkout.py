"""The commit that would be trained: what is checked out, where the project is committed as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.plugins.history import Checkout


class Commit(NamedTuple):
    """The commit, or the reason why what is there is none."""

    name: str = ""
    reason: str = ""


def find_commit(checkout: Checkout, folder: str, files: Iterable[str]) -> Commit:
    """The commit of a project: its folder, and the `files` that it names, must be as they are in it.

    What git does not track counts only where the project names it: a report that was just written trains nothing.
    """
    named = tuple(dict.fromkeys(files))
    if not checkout.commit:
        return Commit(reason="the repository has no commit yet")
    changed = [path for path in checkout.changed if not folder or path.startswith(f"{folder}/") or path in named]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        where = f"below `{folder}`" if all(path.startswith(f"{folder}/") for path in changed) else "in the project"
        return Commit(reason=f"there are uncommitted changes {where}: `{changed[0]}`{more}")
    loose = next((path for path in named if _is_below(path, checkout.untracked)), None)
    return Commit(checkout.commit) if loose is None else Commit(reason=f"no commit holds `{loose}`")


def _is_below(path: str, untracked: Iterable[str]) -> bool:
    return any(
        path == name or (name.endswith("/") and f"./{path}".startswith(f"./{name.removeprefix('./')}"))
        for name in untracked
    )
