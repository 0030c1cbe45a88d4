"""Pages of the policies in force: written to a folder, or compared with what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.expressions import answer_cases
from policy.app.policy_files import find_policy_file
from policy.engine.plan import make_plan
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.model.gates import GATES
from policy.reports.pages.entry import MARK, GateEffect, PolicyEntry
from policy.reports.pages.examples import find_examples
from policy.reports.pages.index import place_page, write_index
from policy.reports.pages.page import write_page
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.workspace import Workspace
    from policy.engine.plan import Step
    from policy.model.policy import Policy

INDEX = "README.md"


class PageChanges(NamedTuple):
    """How a folder differs from the pages: paths in it that lack, that say something else, that have no policy."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    orphaned: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(map(len, self))


def make_pages(workspace: Workspace, folder: str) -> dict[str, str]:
    """Every page by its path in the folder, the index too; policies must have been read with their cases.

    Raises NothingToJudgeError where there is no policy.
    """
    policies = sorted(workspace.policy_set.policies, key=lambda policy: (policy.area, policy.id))
    if not policies:
        raise NothingToJudgeError(Problem("there are no policies in the policy set", "name some under `policies`"))
    entries = [make_entry(workspace, policy) for policy in policies]
    pages = {INDEX: write_index(entries, workspace.policy_set.name)}
    for entry in entries:
        place = place_page(entry)
        pages[place] = link_page(workspace, entry, os.path.dirname(os.path.join(folder, place)))
    return pages


def make_page(workspace: Workspace, policy: Policy, here: str) -> str:
    """The page of one policy, which must have been read with its cases, to stand in a folder."""
    return link_page(workspace, make_entry(workspace, policy), here)


def link_page(workspace: Workspace, entry: PolicyEntry, here: str) -> str:
    """The page with a link from a folder to the policy's file."""
    return write_page(entry._replace(link=find_link(workspace, entry.file, here)))


def make_entry(workspace: Workspace, policy: Policy) -> PolicyEntry:
    """What the policy's page shows, without a link to the policy's file."""
    policy_set = workspace.policy_set
    params = policy_set.values_for(policy)
    (answered,) = answer_cases([policy], policy_set.schema)
    return PolicyEntry(
        policy,
        params,
        {gate: _find_effects(workspace, policy, gate) for gate in GATES},
        policy_set.schema,
        find_examples(answered, params, policy_set.schema),
        policy.location.file if policy.location else "",
        starts=str(policy_set.starts.get(policy.id, "")),
        final=policy.id in policy_set.final,
    )


def _find_effects(workspace: Workspace, policy: Policy, gate: str) -> tuple[GateEffect, GateEffect] | None:
    for step in make_plan(workspace.policy_set, gate).steps:
        if step.policy is policy:
            return _take_effects(step)
    return None


def _take_effects(step: Step) -> tuple[GateEffect, GateEffect]:
    return GateEffect(*step.on_fail), GateEffect(*step.on_unknown)


def find_link(workspace: Workspace, file: str, here: str) -> str:
    """The path from a folder to a policy's file; empty where the two are not of one repository."""
    target, start = os.path.realpath(find_policy_file(workspace, file)), os.path.realpath(here)
    inner = os.path.relpath(target, workspace.root).split(os.sep)
    # What is installed, perhaps inside the repository, is somewhere else for everyone else.
    foreign = any(part.startswith(".") or part.endswith("-packages") for part in inner)
    if foreign or not f"{start}{os.sep}".startswith(f"{workspace.root}{os.sep}"):
        return ""
    return os.path.relpath(target, start).replace(os.sep, "/")


def compare_pages(pages: Mapping[str, str], folder: str) -> PageChanges:
    """What would have to be written or removed. Raises PolicyError for files that are in the way."""
    missing, stale, foreign = [], [], []
    for place, text in pages.items():
        kept = _read(os.path.join(folder, place))
        if kept is None:
            missing.append(place)
        elif not is_page(kept):
            foreign.append(place)
        elif kept != text:
            stale.append(place)
    if foreign:
        remedy = "move it, or name another folder with `--output`"
        raise PolicyError(
            *(Problem(f"`{os.path.join(folder, place)}` is not a page of ours", remedy) for place in foreign)
        )
    orphaned = sorted(place for place in _list_pages(folder) if place not in pages)
    return PageChanges(tuple(missing), tuple(stale), tuple(orphaned))


def is_page(text: str) -> bool:
    """Whether a file was written by this command."""
    return text.startswith(MARK)


def _list_pages(folder: str) -> Iterator[str]:
    """The pages that are in the folder; what others wrote there is not looked at any further."""
    for here, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(here, name)
            if name.endswith(".md") and is_page(_read(path) or ""):
                yield os.path.relpath(path, folder).replace(os.sep, "/")


def _read(path: str) -> str | None:
    """The text of a file as it stands; None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        raise PolicyError(Problem(message, "make it readable, or name another folder with `--output`")) from None


def apply_changes(pages: Mapping[str, str], changes: PageChanges, folder: str) -> None:
    """Write what is missing or stale, remove what is orphaned. Raises PolicyError."""
    try:
        for place in (*changes.missing, *changes.stale):
            path = os.path.join(folder, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
                stream.write(pages[place])
        for place in changes.orphaned:
            os.unlink(os.path.join(folder, place))
            _remove_if_empty(os.path.dirname(os.path.join(folder, place)))
    except OSError as error:
        message = f"`{error.filename}` cannot be written: {error.strerror}"
        raise PolicyError(Problem(message, "name a folder that can be written with `--output`")) from None


def _remove_if_empty(folder: str) -> None:
    if not os.listdir(folder):
        os.rmdir(folder)
