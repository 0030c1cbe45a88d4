"""Where a policy set stands: `policy.yaml`, or `[tool.policy]` in pyproject.toml."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.source.file import read_bytes
from policy.source.yaml_reader import read_yaml_file
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.source.node import Document

SET_NAME = "policy.yaml"
PROJECT_NAME = "pyproject.toml"
DIGEST = "@sha256:"


class PolicySetFile(NamedTuple):
    """A policy set as found: its document, and the folder that its paths are relative to.

    `root` is what its name in positions is relative to; both are absolute. In a bundle `root` is the bundle's folder,
    which its paths do not leave, and `prefix` what stands for that in positions.
    """

    document: Document
    folder: str
    root: str = ""
    prefix: str = ""


def find_policy_set(folder: str, root: str) -> PolicySetFile | None:
    """The nearest `policy.yaml`, or pyproject.toml with `[tool.policy]`, from `folder` up to `root`."""
    here = os.path.realpath(folder)
    top = os.path.realpath(root)
    while True:
        found = look_in(here, top)
        parent = os.path.dirname(here)
        if found is not None or here in (top, parent):
            return found
        here = parent


def look_in(folder: str, root: str, prefix: str = "") -> PolicySetFile | None:
    """The policy set that stands in a folder; positions in it are shown from `root`. Raises PolicyError."""
    path, project = os.path.join(folder, SET_NAME), os.path.join(folder, PROJECT_NAME)
    # A link that leads nowhere is a mistake, not the lack of a policy set.
    if not os.path.lexists(path):
        return open_policy_set(project, root, prefix) if os.path.isfile(project) else None
    found = open_policy_set(path, root, prefix)
    if os.path.isfile(project):
        _refuse_second(path, project, root, prefix)
    return found


def _refuse_second(path: str, project: str, root: str, prefix: str) -> None:
    """Raises PolicyError where the project file beside a `policy.yaml` holds a policy set too."""
    try:
        second = open_policy_set(project, root, prefix)
    except PolicyError:
        # Of a project file that is broken, the policy set is not the matter.
        return
    if second is not None:
        shown = show_file(path, root, prefix)
        message = f"two policy sets in one folder: `{shown}`, and `[tool.policy]` in `{second.document.file}`"
        remedy = "remove one, or say with `--config` which one counts"
        related = (("the other one", second.document.root.location(second.document.file)),)
        raise PolicyError(Problem(message, remedy, Location(shown), related))


def show_file(path: str, root: str, prefix: str = "") -> str:
    """How positions name a file: by its path from the root, or in a bundle behind the bundle's name."""
    relative = os.path.relpath(path, os.path.realpath(root)).replace(os.sep, "/")
    return f"{prefix}/{relative}" if prefix else relative


def open_policy_set(path: str, root: str, prefix: str = "") -> PolicySetFile | None:
    """The policy set in a YAML or TOML file; None for a TOML file without one. Raises PolicyError."""
    real = os.path.realpath(path)
    top, folder = os.path.realpath(root), os.path.dirname(real)
    shown = show_file(real, root, prefix)
    if DIGEST in shown and not prefix:
        # Else it could pass for a file of the bundle that has this name.
        message = f"the path `{shown}` is named like a bundle"
        raise PolicyError(Problem(message, f"take `{DIGEST}` out of the folder's name", Location(shown)))
    if not path.endswith(".toml"):
        return PolicySetFile(read_yaml_file(path, shown), folder, top, prefix)
    data = read_bytes(path, shown)
    # Most projects have this file and no policy set in it: tomllib costs more than all the rest of the search.
    if b"tool" not in data or b"policy" not in data:
        return None
    from policy.source.toml_reader import read_toml_table

    document = read_toml_table(data, shown, ("tool", "policy"))
    return None if document is None else PolicySetFile(document, folder, top, prefix)
