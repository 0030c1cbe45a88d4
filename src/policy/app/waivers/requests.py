"""A request for a waiver: checked against the policy set, written, and what is to be done with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.engine.waiving import find_barriers, list_approvers
from policy.errors import PolicyError, Problem
from policy.loading.policy_sets.files import SET_NAME
from policy.loading.waivers.requests import add_entry
from policy.model.waiver_entry import Waiving
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.model.waiver_entry import WaiverEntry

FILE = "waivers.yaml"


class Written(NamedTuple):
    """The file that a request was written to (a path from here), and what comes next, step by step."""

    file: str
    steps: tuple[str, ...]


def request_waiver(workspace: Workspace, entry: WaiverEntry, path: str | None) -> Written:
    """Add a request to the file at `path`, by default the first one that the policy set lists. Raises PolicyError."""
    waiving = workspace.policy_set.waiving or Waiving()
    doubts = find_barriers(entry, waiving)
    if barriers := [Problem(f"the waiver could not count: {doubt.why}", doubt.remedy) for doubt in doubts]:
        raise PolicyError(*barriers)
    chosen = path or _choose_file(workspace, waiving)
    shown = _show(workspace, chosen)
    if any(known == entry for known in waiving.entries if known.location and known.location.file == shown):
        raise PolicyError(Problem(f"{os.path.relpath(chosen)} asks for this already", "`policy waivers` lists it"))
    add_entry(chosen, os.path.relpath(chosen), entry)
    return Written(os.path.relpath(chosen), tuple(_list_steps(workspace, waiving, entry, shown)))


def _show(workspace: Workspace, path: str) -> str:
    """A path as positions have it, relative to the root."""
    return os.path.relpath(os.path.abspath(path), workspace.root).replace(os.sep, "/")


def _choose_file(workspace: Workspace, waiving: Waiving) -> str:
    own = [file for layer, file in waiving.files if layer == workspace.config]
    beside = os.path.join(os.path.dirname(workspace.config or ""), FILE)
    return os.path.join(workspace.root, own[0] if own else beside)


def _list_steps(workspace: Workspace, waiving: Waiving, entry: WaiverEntry, shown: str) -> Iterator[str]:
    config = os.path.join(workspace.root, workspace.config or SET_NAME)
    set_file = os.path.relpath(config)
    if shown not in [file for _, file in waiving.files]:
        listed = os.path.relpath(os.path.join(workspace.root, shown), os.path.dirname(config)).replace(os.sep, "/")
        if any(layer == workspace.config for layer, _ in waiving.files):
            yield f"list the file: add `{listed}` under `waivers:` in {set_file}"
        elif workspace.config:
            yield f"list the file: add the line `waivers: [{listed}]` to {set_file}"
        else:
            yield f"list the file: write {set_file} with the lines `policy_set: 1` and `waivers: [{listed}]`"
    approvers = list_approvers(entry.policy, waiving.rules)
    if approvers:
        yield f"have it approved by {' or '.join(approvers)}: they add `approved_by` and `approved_on`"
    else:
        rules = "waiver_rules: {approvers: {default: [NAME]}}"
        yield f"nobody may approve it yet: name who may in {set_file}, `{rules}`; they add `approved_by`"
    revision = waiving.trusted.revision if waiving.trusted else ""
    where = f"merge it into {revision}" if revision else "merge it into the branch that is trusted"
    yield f"commit it, and {where}: until then it does not count"
