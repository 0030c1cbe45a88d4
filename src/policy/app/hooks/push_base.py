"""The policies that a push is judged by: those of its base, written beside what is judged, and what becomes of them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.workspace import list_told
from policy.errors import Location, PolicyError, Problem
from policy.evidence import builtin as evidence_builtin
from policy.language.identity import digest_policy_set
from policy.loading import builtin as loading_builtin
from policy.loading.git.repositories import LINK, list_tree
from policy.loading.git.snapshots import list_outward_links, start_snapshot, write_files
from policy.loading.policy_sets.files import SET_NAME, find_policy_set
from policy.loading.policy_sets.reader import Contributed, load_policy_set
from policy.plugins.registry import Registry
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.app.hooks.pushes import Tip
    from policy.loading.git.repositories import Entry, Repository
    from policy.loading.policy_sets.files import PolicySetFile
    from policy.model.policy import PolicySet

WITHOUT_SET = "policy_set: 1\n"
ENDINGS = (".yaml", ".yml", ".toml")


class Base(NamedTuple):
    """The policies that a commit is judged by: the folder they are written to, their files, and the policy set's."""

    folder: str
    entries: tuple[Entry, ...]
    config: str


def write_base(repository: Repository, snapshot: Repository, tip: Tip) -> Base:
    """Write the policies of a tip's base beside its snapshot; where there are none, a policy set of the catalogue.

    Without that the policy set of the push would be found. Raises PolicyError, and GitError.
    """
    folder = os.path.join(os.path.dirname(snapshot.folder), _name_base(tip))
    os.mkdir(folder)
    trusted = start_snapshot(folder, repository, tip.base)
    entries = [entry for entry in list_tree(trusted, tip.base) if _may_govern(entry)] if tip.base else []
    write_files(trusted, entries)
    try:
        found = _find_set(folder, entries)
    except PolicyError as error:
        raise _move(error, os.path.basename(folder)) from None
    config = os.path.join(folder, found.document.file if found else SET_NAME)
    if found is None:
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(WITHOUT_SET)
    return Base(folder, tuple(entries), config)


def _name_base(tip: Tip) -> str:
    """A name that reports show, for they say which policy set judged."""
    return f"{re.sub('[^A-Za-z0-9._-]', '-', tip.base_name)}@{tip.base[:10]}" if tip.base else "the-catalogue"


def _may_govern(entry: Entry) -> bool:
    """Whether a policy set may consist of the file; data is left out."""
    return entry.mode == LINK or entry.path.lower().endswith(ENDINGS)


def _find_set(folder: str, entries: Iterable[Entry]) -> PolicySetFile | None:
    """The policy set of a folder that holds the entries. Raises PolicyError where it may depend on an outward link.

    Such links are taken away: what they lead to is the server's own, and errors quote what they are about.
    """
    links = list_outward_links(folder, entries)
    for link in links:
        os.unlink(os.path.join(folder, link))
    found = None if any(os.path.dirname(link) == "" and _is_governing(link, "") for link in links) else _look(folder)
    text = found.document.text if found else ""
    governing = [link for link in links if _is_governing(link, text)]
    if governing:
        message, remedy = "this link leads out of the repository", "replace the link by what it leads to"
        raise PolicyError(*(Problem(message, remedy, Location(link)) for link in governing))
    return found


def _look(folder: str) -> PolicySetFile | None:
    return find_policy_set(folder, folder)


def _is_governing(link: str, text: str) -> bool:
    """Whether a link may be a part of the policy set with this text: by its ending, or by the folder it begins with."""
    first = re.escape(link.split("/", 1)[0])
    return link.lower().endswith(ENDINGS) or re.search(rf"""(?<![\w.-]){first}(?![\w.-])""", text) is not None


def _move(error: PolicyError, name: str) -> PolicyError:
    """The error with files named as from the snapshot beside the folder of that name."""
    moved = (
        problem._replace(
            location=problem.location and problem.location._replace(file=f"../{name}/{problem.location.file}")
        )
        for problem in error.problems
    )
    return type(error)(*moved)


def compare_policies(base: Base, tip: str, entries: Iterable[Entry]) -> str:
    """What a push does to the policy set, to be said of it; empty where nothing. Raises PolicyError.

    Both are read without their plugins, for only those of the base may be imported.
    """
    proposal = [entry for entry in entries if _may_govern(entry)]
    ours, theirs = ({(entry.path, entry.object) for entry in part} for part in (base.entries, proposal))
    if not any(_is_governing(path, "") for path, _ in ours ^ theirs):
        return ""
    proposed = _find_set(tip, proposal)
    before = find_policy_set(base.folder, base.folder)
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
    inside = f"../{os.path.basename(base.folder)}/" if base is not None else "./"
    hidden = [problem for problem in error.problems if problem.location and _is_outside(problem.location.file, inside)]
    shown = [problem for problem in error.problems if problem not in hidden]
    if hidden:
        message = "the policy set names a file outside the repository that cannot be read as it should"
        shown.append(Problem(message, "name files of the repository, or let an administrator look"))
    return type(error)(*shown)


def _is_outside(file: str, inside: str) -> bool:
    return os.path.isabs(file) or (f"{file}/".startswith("../") and not file.startswith(inside))
