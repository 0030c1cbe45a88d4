"""The two policy sets that are compared: where each one stands, by the name that is given for it."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from policy.app.trusted.base import Base, copy_set, locate_config, start_base
from policy.app.trusted.copying import Copy
from policy.app.trusted.following import is_bundle
from policy.app.trusted.revision import explain_absence, find_commit, refuse_absence
from policy.app.workspace import find_set_file
from policy.errors import PolicyError, Problem
from policy.loading.bundles.late import LateOpener
from policy.loading.discovery import find_root
from policy.loading.git.commands import GitError
from policy.loading.git.objects import ObjectReader
from policy.loading.git.trees import Tree
from policy.loading.policy_sets.files import look_in, open_policy_set
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.loading.policy_sets.files import PolicySetFile

OLD, NEW = SIDES = ("OLD", "NEW")
WORK_TREE: Final = "WORKTREE"
REMEDY = "name a revision, a folder with a policy.yaml, or that file; `.` is the working tree"


class Place(NamedTuple):
    """Where names are looked up: the root of what is judged, and the policy set's file there (`--config`)."""

    root: str
    config: str | None = None


class Side(NamedTuple):
    """One of the two: its word (OLD or NEW), how it was named, and what it is called in sentences.

    Positions are from `root`, or those of the copy of a revision, `base`. Without a file it is the catalogue as it is.
    With `problems` it could not be found.
    """

    word: str
    given: str
    name: str
    root: str
    found: PolicySetFile | None
    base: Base | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def commit(self) -> str | None:
        """The commit of a revision."""
        return None if self.base is None else self.base.commit


@contextmanager
def open_side(word: str, given: str, place: Place, warnings: list[Problem]) -> Iterator[Side]:
    """What a name stands for: what is there by it, else a revision, whose copy is gone afterwards."""
    with ExitStack() as stack:
        try:
            side = _open(word, given, place, stack)
            if side.found is not None and side.given == side.name:
                warnings.extend(warn_of_revision(word, given, place.root))
        except PolicyError as error:
            side = Side(word, given, given, place.root, None, problems=error.problems)
        yield side


def _open(word: str, given: str, place: Place, stack: ExitStack) -> Side:
    if given == WORK_TREE or os.path.normpath(given) == os.curdir:
        return Side(word, given, "the working tree", place.root, find_set_file(place.root, place.config))
    if os.path.lexists(given):
        return open_path(word, given)
    if is_bundle(given):
        return open_bundle(word, given)
    return open_revision(word, given, place, stack)


def open_path(word: str, given: str) -> Side:
    """The policy set in a folder, or in a file. Raises PolicyError."""
    root = find_root(given)
    if os.path.isdir(given):
        found = look_in(os.path.realpath(given), root)
        message = f"`{word}`: the folder `{given}` holds no policy set"
    else:
        found = open_policy_set(given, root)
        message = f"`{word}`: `{given}` has no table `[tool.policy]`"
    if found is None:
        raise PolicyError(Problem(message, REMEDY))
    return Side(word, given, given, root, found)


def open_bundle(word: str, given: str) -> Side:
    """The policy set in a bundle, which is named with its digest. Raises PolicyError."""
    bundle = LateOpener().open(given, os.path.realpath("."))
    found = None if bundle is None else look_in(bundle.folder, bundle.folder, bundle.reference.prefix)
    if bundle is None or found is None:
        raise PolicyError(Problem(f"`{word}`: the bundle `{given}` holds no policy set", REMEDY))
    return Side(word, given, bundle.reference.name, bundle.folder, found)


def open_revision(word: str, given: str, place: Place, stack: ExitStack) -> Side:
    """The policy set at a revision of the repository, copied from git's objects. Raises PolicyError."""
    from tempfile import TemporaryDirectory

    try:
        revision = find_commit(place.root, given, word)
    except PolicyError as error:
        raise PolicyError(*(_add_path(problem, given) for problem in error.problems)) from None
    config = None if place.config is None else _locate(place.config, place.root)
    made = stack.enter_context(TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True))
    base = start_base(revision, os.path.realpath(made))
    try:
        with ObjectReader(place.root) as objects:
            tree = Tree(objects, revision.commit)
            refuse_absence(tree, revision, word)
            base = base._replace(config=copy_set(Copy(tree, base.copy, base.folder), place.root, config))
    except GitError as error:
        raise PolicyError(explain_absence(revision, word, error)) from None
    return Side(word, given, base.shown, place.root, base.open_set(), base)


def _locate(config: str, root: str) -> str:
    try:
        return locate_config(config, root)
    except PolicyError:
        message = f"`--config {config}` is no file of the repository, and no revision has it"
        raise PolicyError(Problem(message, "name a file of the repository, or compare two paths")) from None


def _add_path(problem: Problem, given: str) -> Problem:
    return problem._replace(message=f"{problem.message}, and there is no file or folder `{given[:200]}`")


def warn_of_revision(word: str, given: str, root: str) -> Iterator[Problem]:
    """A warning where the name of what is there is that of a revision, too."""
    if given.startswith((".", os.sep)):
        return
    with suppress(PolicyError, GitError):
        commit = find_commit(root, given, word).commit
        message = f"`{word}`: `{given}` is here as a file or folder, which is compared, and is the name of a revision"
        remedy = f"write `./{given}` for what is here, or `{commit[:10]}` for the revision"
        yield Problem(message, remedy, level="warning")
