"""The workspace that a command works in, with problems named as from the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.gates.cli.problems import relocate
from policy.loading.discovery import find_root

if TYPE_CHECKING:
    from policy.app.workspace import Workspace


def open_here(config: str | None, path: str = ".", *, with_cases: bool = False) -> Workspace:
    """The workspace that `path` lies in. Raises PolicyError."""
    root = find_root(path)
    try:
        return open_workspace(root, config, with_cases=with_cases)
    except PolicyError as error:
        raise relocate(error, root) from None
