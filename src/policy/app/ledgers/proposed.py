"""Whether a proposal brought the ledger itself: who writes the file can write into it what nobody decided."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace

# What SQLite reads beside the file, and takes over into it.
BESIDE: Final = ("", "-journal", "-wal", "-shm")
MOST_BYTES: Final = 1 << 16


def refuse_proposed(workspace: Workspace, url: str, folder: str) -> None:
    """Raises PolicyError where policies are a revision's, and the ledger is a file that the work tree brings."""
    _refuse(workspace, url, folder, "nothing that the ledger `{}` says is approved counts")


def refuse_recording(workspace: Workspace, url: str, folder: str) -> None:
    """Raises PolicyError where such a ledger would be written to: it is no record of anything."""
    _refuse(workspace, url, folder, "nothing is recorded in the ledger `{}`")


def refuse_spool(workspace: Workspace, spool: str) -> None:
    """Raises PolicyError where the work tree brings a spool: it could hold decisions that nobody made."""
    if workspace.base is None:
        return
    from policy.records.spool_files import list_files

    why = next(filter(None, (find_doubt(workspace.root, file) for file in list_files(spool))), "")
    if why:
        message = f"nothing is recorded by way of the spool `{spool}`: {why}"
        raise PolicyError(Problem(message, "keep it out of the repository, or let `spool` name a file elsewhere"))


def _refuse(workspace: Workspace, url: str, folder: str, said: str) -> None:
    if workspace.base is None:
        return
    from policy.records.address import read_address

    address = read_address(url, folder)
    if address.kind != "sqlite":
        return
    why = find_doubt(workspace.root, address.place)
    if why:
        remedy = f"keep it out of the repository, or name a database that {workspace.base.revision} alone decides on"
        raise PolicyError(Problem(f"{said.format(address.shown)}: {why}", remedy))


def find_doubt(root: str, file: str) -> str:
    """Why a file below the root may be of whoever proposes a change; empty where nothing says so."""
    from policy.loading.git.bounded import read_git
    from policy.loading.git.commands import GitError

    inside = os.path.relpath(file, root)
    if inside.split(os.sep, 1)[0] == os.pardir:
        return ""
    linked = next((path for path in _list_paths(inside) if os.path.islink(os.path.join(root, path))), "")
    if linked:
        return f"`{linked}` is a link that a proposal can set"
    names = [f"{inside}{end}".replace(os.sep, "/") for end in BESIDE]
    try:
        output = read_git(root, "--literal-pathspecs", "ls-files", "-z", "--", *names, most=MOST_BYTES)
    except GitError as error:
        return f"it cannot be told whether the repository holds it: {error}"
    held = next(iter(output.text.decode(errors="replace").split("\0")), "")
    return f"the repository holds `{held}`, so that a proposal can change it" if held else ""


def _list_paths(inside: str) -> Iterator[str]:
    """The file and every folder that it is in, the outermost first."""
    parts = inside.split(os.sep)
    yield from (os.path.join(*parts[:count]) for count in range(1, len(parts) + 1))
