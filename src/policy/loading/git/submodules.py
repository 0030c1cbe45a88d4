"""Repositories inside the one that is judged: which of their commits a revision of the outer one stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.loading.git.commands import GitError, find_repository, run_git
from policy.loading.git.revisions import Revision, find_default_branches, find_revision

if TYPE_CHECKING:
    from collections.abc import Callable

LINK = b"160000 "


def open_revision(root: str, folder: str, name: str) -> Revision:
    """The commit that a name stands for in the repository of `folder`, a real path. Raises GitError.

    Of a submodule at or below `root` that is the commit which the repository around it pins there. Its own names are
    nobody's word: a proposal may put another repository in its place, and whoever keeps that one chooses them.
    """
    (found,) = _resolve(root, folder, lambda repository: [find_revision(repository, name)])
    return found


def list_default_branches(root: str, folder: str) -> list[Revision]:
    """The default branches of the remotes, for a submodule as `open_revision` has it. Raises GitError."""
    return _resolve(root, folder, find_default_branches)


def _resolve(root: str, folder: str, ask: Callable[[str], list[Revision]]) -> list[Revision]:
    repository = find_repository(folder)
    if repository is None:
        raise GitError(f"{os.path.basename(folder)} lies in no git repository")
    top = find_repository(os.path.realpath(root))
    if top is None or not repository.startswith(top.rstrip(os.sep) + os.sep):
        return ask(repository)
    around = os.path.dirname(repository)
    outer = find_repository(around) or top
    path = os.path.relpath(repository, outer).replace(os.sep, "/")
    # A clone that the outer repository does not know was put there by whoever runs this.
    if not run_git(outer, "ls-files", "-z", "--stage", "--", f":(top,literal){path}").startswith(LINK):
        return ask(repository)
    return [_follow(revision, repository, path) for revision in _resolve(root, around, ask)]


def _follow(outer: Revision, repository: str, path: str) -> Revision:
    """The submodule at the commit that the outer repository pins. Raises GitError."""
    listed = run_git(outer.repository, "ls-tree", "-z", "--full-tree", outer.commit, "--", path)
    if not listed.startswith(LINK):
        raise GitError(f"{path} is no submodule at {outer.name}")
    commit = listed.split(b"\t")[0].split(b" ")[2].decode("ascii")
    try:
        run_git(repository, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitError:
        message = f"the submodule {path} is not cloned with the commit {commit[:12]} that {outer.name} pins"
        raise GitError(message) from None
    return Revision(repository, outer.name, commit)
