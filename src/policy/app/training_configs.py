"""YAML files → training configs, by the readers that plugins contribute."""

from __future__ import annotations

import os
import posixpath
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from policy.app.manifests import refuse_name
from policy.errors import Location, PolicyError, Problem
from policy.evidence.readers import RepositoryContext
from policy.evidence.value_kinds import find_misfit
from policy.plugins.contracts import ConfigFacts
from policy.plugins.faults import BREAKING, describe_fault
from policy.source.limits import DEFAULT_LIMITS
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.app.workspace import Workspace
    from policy.plugins.contracts import TrainingConfigReader
    from policy.source.node import Document


class FoundConfig(NamedTuple):
    """A training config: its path relative to the root, the SHA-256 of its bytes, and what it tells.

    With a `fault` its reader broke, and it tells nothing.
    """

    file: str
    digest: str
    told: ConfigFacts
    fault: str = ""

    @property
    def location(self) -> Location:
        return Location(self.file)


def read_config(workspace: Workspace, file: str, base: str, problems: list[Problem]) -> FoundConfig | None:
    """The training config in a file, or None where it is none; paths in its facts are relative to `base`.

    What looks like one and cannot be read is a warning.
    """
    data = _read_data(workspace, file)
    readers = [reader for reader in workspace.registry.training_config_readers() if _is_marked(reader, data)]
    if not readers:
        return None
    try:
        document = read_yaml(data, file, merge=True)
    except PolicyError as error:
        problems.append(_doubt(error.problems[0].message, error.problems[0].location))
        return None
    try:
        reader = next((reader for reader in readers if _recognises(reader, document)), None)
        if reader is None:
            return None
        refuse_name(file)
    except PolicyError as error:
        problems.extend(error.problems)
        return None
    digest = sha256(data).hexdigest()
    context = RepositoryContext(workspace.root, posixpath.dirname(file), base, digest)
    try:
        return FoundConfig(file, digest, _read(reader, document, context, workspace))
    except PolicyError as error:
        # That it is a training config stands, whatever becomes of the rest.
        problems.extend(error.problems)
        return FoundConfig(file, digest, ConfigFacts(), error.problems[0].message)


def _is_marked(reader: TrainingConfigReader, data: bytes) -> bool:
    return any(mark in data for mark in reader.marks)


def _read_data(workspace: Workspace, file: str) -> bytes:
    """The file's bytes, and one more than may be read of a large one; empty for what is no file of its own."""
    path = os.path.join(workspace.root, file)
    if os.path.islink(path) or not os.path.isfile(path):
        return b""
    try:
        with open(path, "rb") as stream:
            return stream.read(DEFAULT_LIMITS.max_bytes + 1)
    except OSError:
        return b""


def _recognises(reader: TrainingConfigReader, document: Document) -> bool:
    try:
        return isinstance(document.root, Mapping) and reader.recognise(document.root)
    except BREAKING as error:
        raise PolicyError(_blame(reader, describe_fault(error), document.file)) from error


def _read(
    reader: TrainingConfigReader, document: Document, context: RepositoryContext, workspace: Workspace
) -> ConfigFacts:
    try:
        told = reader.read(document, context)
        misfit = find_misfit(told.facts, told.problems, workspace.policy_set.schema)
    except BREAKING as error:
        raise PolicyError(_blame(reader, describe_fault(error), document.file)) from error
    if misfit:
        raise PolicyError(_blame(reader, misfit, document.file))
    return told


def _doubt(reason: str, location: Location | None) -> Problem:
    message = f"this may be a training config and cannot be read: {reason}"
    remedy = "mend it, or keep it out of the repository if it is a template"
    return Problem(message, remedy, location, level="warning")


def _blame(reader: TrainingConfigReader, fault: str, file: str) -> Problem:
    message = f"the reader of {reader.name} configs failed: {fault}"
    return Problem(message, "mend the plugin, or leave it out", Location(file), level="warning")
