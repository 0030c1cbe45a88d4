"""YAML files → training configs, by the readers that plugins contribute."""

from __future__ import annotations

import os
import posixpath
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from policy.errors import Location, PolicyError, Problem
from policy.evidence.readers import ConfigContext
from policy.source.limits import DEFAULT_LIMITS
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.app.workspace import Workspace
    from policy.plugins.contracts import ConfigFacts


class FoundConfig(NamedTuple):
    """A training config: its path relative to the root, the SHA-256 of its bytes, and what it tells."""

    file: str
    digest: str
    told: ConfigFacts

    @property
    def location(self) -> Location:
        return Location(self.file)


def read_config(workspace: Workspace, file: str, base: str, problems: list[Problem]) -> FoundConfig | None:
    """The training config in a file, or None where it is none; paths in its facts are relative to `base`.

    What looks like one and cannot be read is a warning.
    """
    path = os.path.join(workspace.root, file)
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    readers = workspace.registry.training_config_readers()
    try:
        with open(path, "rb") as stream:
            data = stream.read(DEFAULT_LIMITS.max_bytes + 1)
    except OSError:
        return None
    marked = [reader for reader in readers if any(mark in data for mark in reader.marks)]
    if not marked or len(data) > DEFAULT_LIMITS.max_bytes:
        return None
    try:
        document = read_yaml(data, file, merge=True)
    except PolicyError as error:
        first = error.problems[0]
        problems.append(
            Problem(
                f"this may be a training config and cannot be read: {first.message}",
                "mend it, or keep it out of the repository if it is a template",
                first.location,
                level="warning",
            )
        )
        return None
    root = document.root
    if not isinstance(root, Mapping):
        return None
    digest = sha256(data).hexdigest()
    context = ConfigContext(workspace.root, posixpath.dirname(file), base, digest)
    for reader in marked:
        if reader.recognise(root):
            return FoundConfig(file, digest, reader.read(document, context))
    return None
