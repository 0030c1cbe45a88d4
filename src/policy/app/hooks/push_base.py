"""The policies that a push is judged by: those of its base, copied beside what is judged, and what becomes of them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.trusted.base import copy_set
from policy.app.trusted.copying import Copy
from policy.app.trusted.work_tree import WorkTree
from policy.app.workspace import list_told
from policy.errors import PolicyError, Problem
from policy.evidence import builtin as evidence_builtin
from policy.language.identity import digest_policy_set
from policy.loading import builtin as loading_builtin
from policy.loading.git.objects import ObjectReader
from policy.loading.git.snapshots import start_snapshot
from policy.loading.git.trees import Tree
from policy.loading.policy_sets.files import SET_NAME, open_policy_set
from policy.loading.policy_sets.reader import Contributed, load_policy_set
from policy.plugins.registry import Registry
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.hooks.pushes import Tip
    from policy.loading.git.repositories import Repository
    from policy.loading.policy_sets.files import PolicySetFile
    from policy.model.policy import PolicySet

WITHOUT_SET = "policy_set: 1\n"


class Base(NamedTuple):
    """The policies that a commit is judged by: a copy of all that they consist of, and the policy set's file in it."""

    copy: Copy
    config: str


def write_base(repository: Repository, judged: str, tip: Tip) -> Base:
    """Copy the policies of a tip's base beside the folder that is judged; where there are none, the catalogue's set.

    Without that the policy set of the push would be found. Raises PolicyError, and GitError.
    """
    folder = _make_folder(judged, _name_base(tip))
    # Whether a waiver is approved is asked of the revision that its file is of.
    start_snapshot(folder, repository, tip.base)
    with ObjectReader(repository.folder) as objects:
        # Without a base there is no more than in a folder that is empty.
        copy = Copy(Tree(objects, tip.base) if tip.base else WorkTree(folder), folder, folder)
        try:
            place = copy_set(copy, judged, None)
        except PolicyError as error:
            raise _move(error, os.path.basename(folder)) from None
    config = os.path.join(folder, place or SET_NAME)
    if place is None:
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(WITHOUT_SET)
    return Base(copy, config)


def _make_folder(judged: str, name: str) -> str:
    folder = os.path.join(os.path.dirname(judged), name)
    os.mkdir(folder)
    return folder


def _name_base(tip: Tip) -> str:
    """A name that reports show, for they say which policy set judged."""
    return f"{re.sub('[^A-Za-z0-9._-]', '-', tip.base_name)}@{tip.base[:10]}" if tip.base else "the-catalogue"


def _move(error: PolicyError, name: str) -> PolicyError:
    """The error with files named as from the snapshot beside the folder of that name."""
    moved = (
        problem._replace(
            location=problem.location and problem.location._replace(file=f"../{name}/{problem.location.file}")
        )
        for problem in error.problems
    )
    return type(error)(*moved)


def compare_policies(base: Base, judged: str) -> str:
    """What a push does to the policy set, to be said of it; empty where nothing. Raises PolicyError.

    Both are read without their plugins, for only those of the base may be imported.
    """
    folder = _make_folder(judged, "proposed")
    copy = Copy(WorkTree(judged), folder, folder)
    place = copy_set(copy, judged, None)
    if copy.is_same(base.copy):
        return ""
    before = open_policy_set(base.config, base.copy.folder)
    proposed = open_policy_set(os.path.join(folder, place), folder) if place else None
    try:
        same = _identify(_load(before)) == _identify(_load(proposed))
    except PolicyError:
        if any("plugins" in found.document.text for found in (before, proposed) if found is not None):
            return "may change the policy set, which cannot be read without its plugins"
        raise
    return "" if same else "changes the policy set"


def _load(found: PolicySetFile | None) -> PolicySet:
    registry = Registry((loading_builtin, evidence_builtin))

    def load_none(_names: object) -> Contributed:
        return Contributed(registry.policy_sources(), (), lambda: list_told(registry))

    return load_policy_set(found, load_none, with_cases=True)


def _identify(policy_set: PolicySet) -> tuple[object, ...]:
    return digest_policy_set(policy_set), policy_set.plugins, policy_set.waiving


def hide_outside(error: PolicyError, base: Base | None) -> PolicyError:
    """The error without what it says of files outside the repository: they are no business of who pushes."""
    inside = f"../{os.path.basename(base.copy.folder)}/" if base is not None else "./"
    hidden = [problem for problem in error.problems if problem.location and _is_outside(problem.location.file, inside)]
    shown = [problem for problem in error.problems if problem not in hidden]
    if hidden:
        message = "the policy set names a file outside the repository that cannot be read as it should"
        shown.append(Problem(message, "name files of the repository, or let an administrator look"))
    return type(error)(*shown)


def _is_outside(file: str, inside: str) -> bool:
    return os.path.isabs(file) or (f"{file}/".startswith("../") and not file.startswith(inside))
