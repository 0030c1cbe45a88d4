"""The manifests of a workspace, read, and held to the repository."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import UnreadablePathError, confine, is_missing
from policy.model.fact import Members
from policy.model.manifest import Manifest, read_manifest
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.app.workspace import Workspace
    from policy.model.fact import Fact
    from policy.model.schema import Schema

READ_ELSEWHERE = ("data.sources[].path", "training.config")
_REMEDY = "correct the path, or add the file"
# Without its file an entry counts as tried only by the score that it states.
_REMEDIES = {"tried[].results": "correct the path, add the file, or state the entry's `score`"}


def load_manifest(workspace: Workspace, file: str) -> Manifest:
    """The manifest in a file of the workspace. Raises PolicyError, also where it names a path outside."""
    refuse_name(file)
    try:
        path = confine(workspace.root, file)
    except UnreadablePathError as fault:
        # What is only missing or unreadable is an error here, too: the project would go unjudged.
        raise PolicyError(fault.problem._replace(location=Location(file), level="error")) from None
    schema = workspace.policy_set.schema
    manifest = read_manifest(read_yaml_file(path, file), schema)
    outside = list(_find_outside(manifest, schema))
    if outside:
        raise PolicyError(*outside)
    return manifest


def refuse_name(file: str) -> None:
    """Raises PolicyError for a file whose name is no text: no report and no digest could name it."""
    try:
        file.encode()
    except UnicodeEncodeError:
        remedy = "rename the file, or the folder that it is in"
        raise PolicyError(Problem("the name of this file is not UTF-8", remedy, Location(file))) from None


def _find_outside(manifest: Manifest, schema: Schema) -> Iterator[Problem]:
    for path, fact in _list_paths(manifest.claims, schema):
        if leaves_root(manifest.folder, fact.value):
            message = f"`{path}` leads out of the repository: {fact.value}"
            yield Problem(message, "name a file inside the repository, relative to the manifest", fact.location)


def warn_of_missing(workspace: Workspace, manifest: Manifest) -> Iterator[Problem]:
    """What a manifest names and is not there: results that nobody can look at prove nothing.

    Data files are looked at when they are read, the training config when it is judged.
    """
    for path, fact in _list_paths(manifest.claims, workspace.policy_set.schema):
        whole = os.path.join(workspace.root, manifest.folder, fact.value)
        if path not in READ_ELSEWHERE and is_missing(whole):
            message = f"`{path}` names `{fact.value}`, which does not exist"
            yield Problem(message, _REMEDIES.get(path, _REMEDY), fact.location, level="warning")


def _list_paths(claims: Iterable[Fact], schema: Schema) -> Iterator[tuple[str, Fact]]:
    """Every path that is claimed, also in lists and records, with the name of its field."""
    naming = schema.naming_files
    for claim in claims:
        inner = naming.get(claim.path)
        if inner is None:
            continue
        items = claim.value.items if isinstance(claim.value, Members) else (claim.value,)
        for item in items:
            if inner:
                yield from ((f"{claim.path}[].{name}", fact) for name, fact in item.items() if name in inner)
            else:
                yield claim.path, claim._replace(value=item)


def leaves_root(folder: str, path: str) -> bool:
    """Whether a path relative to a folder of the root is absolute or leads above the root."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    return posixpath.isabs(path) or whole == ".." or whole.startswith("../")
