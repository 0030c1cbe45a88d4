"""What shows that the waivers of a base are approved: that revision itself, or the one that is trusted beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.git.commands import GitError
from policy.loading.git.repositories import open_repository
from policy.loading.git.snapshots import start_snapshot

if TYPE_CHECKING:
    from policy.app.trusted.base import Base


def open_trust_root(root: str, base: Base) -> str:
    """The folder that the base's files are named from, its copy made a repository that borrows from that at `root`.

    The copy's paths then lead to the same files of its commit. Raises PolicyError.
    """
    if not os.path.lexists(os.path.join(base.copy, ".git")):
        try:
            start_snapshot(base.copy, open_repository(root), base.commit)
        except GitError as error:
            message = f"git cannot show which waivers are approved: {error}"
            raise PolicyError(Problem(message, "mend the repository")) from None
    return base.folder
