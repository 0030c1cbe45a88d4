"""The commit that policies are read from, by the name that whoever runs the command gives it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.git.commands import GitError, find_repository, run_git
from policy.loading.git.objects import MissingObjectError
from policy.loading.git.revisions import ID, SHORT_ID, Revision, find_revision

if TYPE_CHECKING:
    from policy.loading.git.trees import Tree

# What git's own grammar has beyond names, and what no shell passes on by intention.
STRANGE = re.compile(r"\.\.|@\{|[:?*\[\\\s\x00-\x1f\x7f]|\^\{|\^[!@-]")
NAMES = "name a branch, a tag or a commit, such as origin/main"


def find_commit(root: str, name: str, option: str) -> Revision:
    """The commit that a name stands for in the repository at `root`. Raises PolicyError that names the `option`."""
    if not name or name.startswith("-") or STRANGE.search(name):
        raise PolicyError(Problem(f"`{option}`: `{name[:200]}` names no revision", NAMES))
    if find_repository(root) != root:
        message = f"`{option}`: {os.path.basename(root) or root} is no git repository, which a revision could be of"
        raise PolicyError(Problem(message, "call this in a git repository"))
    try:
        return find_revision(root, name)
    except GitError as error:
        raise PolicyError(_explain(root, name, option, str(error))) from None


def _explain(root: str, name: str, option: str, said: str) -> Problem:
    """Why the name stands for no commit, and what to do about it."""
    if not said.startswith("there is no revision"):
        remedy = "write the full name, such as refs/remotes/origin/main, or a commit in full"
        return Problem(f"`{option}`: {said}", remedy)
    if SHORT_ID.fullmatch(name) and not ID.fullmatch(name):
        found = run_git(root, "rev-parse", f"--disambiguate={name}").split()
        if len(found) > 1:
            message = f"`{option}`: `{name}` is the start of the names of {len(found)} objects"
            return Problem(message, "write the commit's name in full")
    kind = _find_kind(root, name)
    if kind:
        return Problem(f"`{option}`: `{name}` is a {kind} and no commit", NAMES)
    return Problem(f"`{option}`: {said}", suggest_fetch(root, name))


def _find_kind(root: str, name: str) -> str:
    try:
        return run_git(root, "cat-file", "-t", name).decode("ascii").strip()
    except GitError:
        return ""


def suggest_fetch(root: str, name: str) -> str:
    """What to fetch so that a clone has a revision, without its history."""
    if ID.fullmatch(name):
        return f"fetch it: `git fetch --depth=1 origin {name}`"
    remotes = os.fsdecode(run_git(root, "remote")).split("\n")
    remote = next((found for found in sorted(remotes, key=len, reverse=True) if name.startswith(f"{found}/")), "")
    branch = re.split(r"[~^]", name.removeprefix(f"{remote}/"))[0]
    if remote and branch:
        return f"fetch it: `git fetch --depth=1 {remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}`"
    if branch != name:
        return f"correct it, or fetch the history that it counts back: `git fetch --unshallow origin {branch}`"
    if any(remotes):
        first = next(filter(None, remotes))
        return f"name the remote's branch, `{first}/{name}`, or fetch it: `git fetch --depth=1 {first} {name}:{name}`"
    return "correct it: this clone has no remote that it could be fetched from"


def refuse_absence(tree: Tree, revision: Revision, option: str) -> None:
    """Raises PolicyError where the clone lacks the files of the commit."""
    try:
        tree.list_folder("")
    except MissingObjectError as error:
        raise PolicyError(explain_absence(revision, option, error)) from None


def explain_absence(revision: Revision, option: str, error: GitError) -> Problem:
    """The problem of a clone that has no more than a part of the commit."""
    message = f"`{option}`: the files of {revision.name} ({revision.commit[:10]}) cannot be read: {error}"
    remedy = f"fetch them: `git fetch --depth=1 --refetch --filter=blob:limit=64m origin {revision.commit}`"
    return Problem(message, remedy)
