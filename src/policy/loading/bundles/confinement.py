"""What the files of a bundle name stays inside the bundle: only there it is what the digest says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.loading.bundles.names import is_hidden

if TYPE_CHECKING:
    from policy.errors import Location


def leads_out(folder: str, name: str, top: str) -> bool:
    """Whether a path in a file of a bundle leads out of what is pinned; `top` is the bundle's folder."""
    if name.startswith("/") or os.path.isabs(name) or "\\" in name:
        return True
    path = os.path.relpath(os.path.normpath(os.path.join(folder, name)), top).replace(os.sep, "/")
    return path == ".." or path.startswith("../") or (path != "." and is_hidden(path))


def refuse_escape(folder: str, name: str, top: str, location: Location | None) -> Problem | None:
    """The problem of such a path; None where it stays inside."""
    if not leads_out(folder, name, top):
        return None
    message = f"`{name}` leads out of the bundle, or to what is hidden in it: neither is pinned"
    return Problem(message, "put it into the bundle, or have whoever uses the bundle name it", location)
