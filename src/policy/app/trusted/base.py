"""The policy set of a revision, copied out of git's objects with all that it consists of: the work tree has no part."""

from __future__ import annotations

import os
import posixpath
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from policy.app.trusted.copying import Copy
from policy.app.trusted.following import follow_layers
from policy.app.trusted.revision import explain_absence, find_commit, refuse_absence
from policy.app.trusted.work_tree import WorkTree
from policy.errors import PolicyError, Problem
from policy.loading.git.commands import GitError
from policy.loading.git.objects import ObjectReader
from policy.loading.git.trees import Tree
from policy.loading.policy_sets.files import look_in, open_policy_set
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator

    from policy.app.trusted.copying import Source
    from policy.loading.git.revisions import Revision
    from policy.loading.policy_sets.files import PolicySetFile

OPTION = "--policies-from"


class BrokenBaseError(PolicyError):
    """The policy set of a base cannot be read."""


class Base(NamedTuple):
    """The policy set of a revision as a copy below `folder`, the top of all its positions; it can be sent elsewhere.

    `revision` is the name that was given, `name` that of the copy's own folder, `config` the policy set's file below
    `folder`, None where there is none. With `problems` it could not be copied. `proposal` is the work tree's own policy
    set, where it is not the same; with `by_proposal` that one judges, and says no more than what it would do.
    """

    revision: str
    commit: str
    folder: str
    name: str
    config: str | None = None
    problems: tuple[Problem, ...] = ()
    proposal: ProposalFiles | None = None
    by_proposal: bool = False

    @property
    def copy(self) -> str:
        """The folder that stands for the repository's root."""
        return os.path.join(self.folder, self.name)

    @property
    def shown(self) -> str:
        """What messages call the revision."""
        return f"{self.revision} ({self.commit[:10]})"

    def holds(self, file: str) -> bool:
        """Whether a file of a position is one of the copy's."""
        return file.startswith(f"{self.name}/")

    def open_set(self) -> PolicySetFile | None:
        """The policy set's file. Raises PolicyError."""
        return _open_copied(self)


class ProposalFiles(NamedTuple):
    """The policy set of the work tree as a copy at `folder`: its file there, or why there is none to be read."""

    folder: str
    config: str | None = None
    problems: tuple[Problem, ...] = ()

    def open_set(self) -> PolicySetFile | None:
        """The policy set's file. Raises PolicyError."""
        return _open_copied(self)


def _open_copied(files: Base | ProposalFiles) -> PolicySetFile | None:
    if files.problems:
        raise PolicyError(*files.problems)
    return None if files.config is None else open_policy_set(os.path.join(files.folder, files.config), files.folder)


@contextmanager
def open_base(root: str, name: str, config: str | None = None) -> Iterator[Base]:
    """The policy set at the revision `name` of the repository at `root`; the copies are gone afterwards.

    It is looked for there as it would be in the work tree: `config`, or else the nearest one from the working folder
    up to the root. Raises PolicyError for a revision that cannot be read; what is wrong with the policy set is noted.
    """
    revision = find_commit(root, name, OPTION)
    where = None if config is None else locate_config(config, root)
    with _working() as top, ObjectReader(root) as objects:
        tree = Tree(objects, revision.commit)
        refuse_absence(tree, revision, OPTION)
        yield _make_base(tree, top, root, revision, where)


def start_base(revision: Revision, folder: str) -> Base:
    """The policy set of a revision before anything of it is copied to a folder."""
    name = f"{re.sub('[^A-Za-z0-9._-]', '-', revision.name)}@{revision.commit[:10]}"
    base = Base(revision.name, revision.commit, folder, name)
    os.makedirs(base.copy)
    return base


def _make_base(tree: Tree, top: str, root: str, revision: Revision, config: str | None) -> Base:
    base = start_base(revision, os.path.join(top, "base"))
    trusted = Copy(tree, base.copy, base.folder)
    try:
        base = base._replace(config=copy_set(trusted, root, config))
    except GitError as error:
        raise PolicyError(explain_absence(revision, OPTION, error)) from None
    except PolicyError as error:
        base = base._replace(problems=error.problems)
    return base._replace(proposal=_copy_proposal(os.path.join(top, "proposed"), root, config, trusted))


def _copy_proposal(folder: str, root: str, config: str | None, trusted: Copy) -> ProposalFiles | None:
    """The policy set of the work tree; None where it is the trusted one."""
    os.mkdir(folder)
    copy = Copy(WorkTree(root), folder, folder)
    try:
        place = copy_set(copy, root, config, known=trusted.outside)
    except PolicyError as error:
        return ProposalFiles(folder, None, error.problems)
    return None if copy.is_same(trusted) else ProposalFiles(folder, place)


def governs(root: str, config: str | None, paths: Collection[str]) -> bool:
    """Whether one of some changed paths may be a part of the policy set that is found in the work tree, or was."""
    with _working() as top:
        copy = _try_copy(WorkTree(root), top, root, config)
    return copy is None or any(copy.may_hold(path) for path in paths)


def is_same_set(root: str, commit: str, config: str | None) -> bool:
    """Whether the policy set that is found in the work tree consists of the same files at a commit."""
    with _working() as top, ObjectReader(root) as objects:
        copies = [
            _try_copy(source, os.path.join(top, name), root, config)
            for name, source in (("before", Tree(objects, commit)), ("now", WorkTree(root)))
        ]
    before, now = copies
    return before is not None and now is not None and before.is_same(now)


@contextmanager
def _working() -> Iterator[str]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True) as made:
        yield os.path.realpath(made)


def _try_copy(source: Source, folder: str, root: str, config: str | None) -> Copy | None:
    """A copy of the policy set that is found somewhere; None where it cannot be followed to its end.

    Of one outside of the repository, which no change concerns, there is nothing to copy.
    """
    os.makedirs(folder, exist_ok=True)
    copy = Copy(source, folder, folder)
    try:
        where = None if config is None else locate_config(config, root)
    except PolicyError:
        return copy
    try:
        copy_set(copy, root, where)
    except (PolicyError, GitError):
        return None
    return copy


def copy_set(copy: Copy, root: str, config: str | None, known: Container[str] | None = None) -> str | None:
    """Copy a policy set and all that it names, and give its file as positions have it; None where there is none.

    Raises PolicyError, also for a `config` that is not there, and GitError.
    """
    found = _find_nearest(copy, root) if config is None else _find_named(copy, config)
    if found is None:
        return None
    follow_layers(copy, root, found, known)
    return found.document.file


def _find_nearest(copy: Copy, root: str) -> PolicySetFile | None:
    here = _locate(os.path.realpath("."), root) or ""
    while True:
        copy.fetch_sets(here)
        place = os.path.join(copy.folder, here)
        found = look_in(place, copy.top) if os.path.isdir(place) else None
        if found is not None or not here:
            return found
        here = os.path.dirname(here)


def _find_named(copy: Copy, config: str) -> PolicySetFile:
    copy.fetch(config, inside=False)
    path = os.path.join(copy.folder, config)
    if not os.path.lexists(path):
        where = os.path.relpath(path, copy.top).replace(os.sep, "/")
        raise PolicyError(Problem(f"there is no policy set `{where}`", "correct `--config`, or leave it out"))
    found = open_policy_set(path, copy.top)
    if found is None:
        message = f"`{config}` has no table `[tool.policy]`"
        raise PolicyError(Problem(message, "add it, or name a policy.yaml"))
    return found


def locate_config(config: str, root: str) -> str:
    """The path of a policy set's file from the root. Raises PolicyError for one outside, which no revision holds."""
    where = locate_named(config, root)
    if not where:
        message = f"`--config {config}` is no file of the repository, and `{OPTION}` reads nothing else"
        raise PolicyError(Problem(message, f"leave `{OPTION}` out: a proposal cannot change that file"))
    return where


def locate_named(path: str, root: str) -> str | None:
    """The path from the root that a name stands for at every revision; None for one outside.

    Links below the root are the work tree's, and a proposal may change where they lead: they are left to the revision.
    """
    whole = os.path.normpath(os.path.join(os.path.realpath("."), path))
    parts = whole.split(os.sep)
    for count in range(1, len(parts) + 1):
        above = _locate(os.path.realpath(os.sep.join(parts[:count]) or os.sep), root)
        if above is not None:
            return posixpath.join(above, *parts[count:])
    return None


def _locate(path: str, root: str) -> str | None:
    """A path from the root with `/`; None for one outside, and empty for the root itself."""
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    if relative == ".." or relative.startswith("../") or os.path.isabs(relative):
        return None
    return "" if relative == "." else relative
