"""Files in YAML or JSON → training configs, by the readers that plugins contribute."""

from __future__ import annotations

import posixpath
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.app.config_files import MEND, has_escape, has_mark, read_candidate
from policy.app.manifests import refuse_name
from policy.errors import Location, PolicyError, Problem
from policy.evidence.tools.readers import RepositoryContext
from policy.evidence.value_kinds import find_misfit
from policy.loading.file_listing import is_config, is_json, is_script
from policy.plugins.contracts import ConfigFacts
from policy.plugins.faults import BREAKING, describe_fault
from policy.source.node import Document, Mapping, Sequence
from policy.source.yaml_reader import read_yaml
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.app.workspace import Workspace
    from policy.plugins.contracts import TrainingConfigReader

# Data and what a training leaves behind are JSON, too, with the marks of readers; a config also says that it trains.
JSON_MARK = b'"do_train"'


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


def read_config(
    workspace: Workspace, file: str, base: str, problems: list[Problem], *, named: bool = False
) -> FoundConfig | None:
    """The training config in a file, or None where it is none; paths in its facts are relative to `base`.

    What looks like one and cannot be read is an error: it would go unjudged. A file that is `named` may be
    anything, and is read whatever it looks like. A script is one where it calls what starts a training.
    """
    if is_script(file):
        from policy.app.training_calls import read_calls  # many repositories have no script

        found_calls = read_calls(workspace, file, problems, named=named)
        return FoundConfig(file, *found_calls) if found_calls is not None else None
    readers = workspace.registry.training_config_readers()
    try:
        data = read_candidate(workspace.root, file, _list_marks(readers), confined=named)
        documents, readers = _parse(data, file, readers, named=named)
        found = _find_reader(readers, documents, file, problems)
        if found is None:
            return None
        refuse_name(file)
    except PolicyError as error:
        problems.extend(error.problems)
        return None
    reader, document = found
    digest = sha256(data).hexdigest()
    context = RepositoryContext(workspace.root, posixpath.dirname(file), base, digest)
    try:
        return FoundConfig(file, digest, _read(reader, document, context, workspace))
    except PolicyError as error:
        # That it is a training config stands, whatever becomes of the rest.
        problems.extend(error.problems)
        return FoundConfig(file, digest, ConfigFacts(), error.problems[0].message)


def _list_marks(readers: Iterable[TrainingConfigReader]) -> list[bytes]:
    return [mark for reader in readers for mark in reader.marks]


def _parse(
    data: bytes, file: str, readers: list[TrainingConfigReader], *, named: bool
) -> tuple[list[Document], list[TrainingConfigReader]]:
    """The YAML documents in the bytes, and the readers that may know them; nothing where none can.

    Raises PolicyError where marked bytes are no YAML.
    """
    if is_json(file) and not named and not has_mark(data, (JSON_MARK,)):
        return [], []
    marked = [reader for reader in readers if has_mark(data, reader.marks)]
    unsure = bool(data) and (named or has_escape(data))
    if not marked and not unsure:
        return [], []
    try:
        document = read_yaml(data, file, merge=True, documents="many")
    except PolicyError as error:
        # A script that trains holds the same words as a config.
        if not marked or not (is_config(file) or is_json(file)):
            return [], []
        raise PolicyError(_doubt(error.problems[0].message, error.problems[0].location)) from error
    roots = document.root.items if isinstance(document.root, Sequence) else []
    return [Document(file, document.text, root) for root in roots], readers if unsure else marked


def _find_reader(
    readers: Iterable[TrainingConfigReader], documents: list[Document], file: str, problems: list[Problem]
) -> tuple[TrainingConfigReader, Document] | None:
    """The first reader that knows one of the documents. Raises PolicyError where there are several documents."""
    for reader in readers:
        try:
            document = next((document for document in documents if _recognises(reader, document)), None)
        except BREAKING as error:
            problems.append(_blame(reader, describe_fault(error), file)._replace(level="error"))
            continue
        if document is not None and len(documents) > 1:
            raise PolicyError(_doubt("the file holds several documents", document.root.location(file)))
        if document is not None:
            return reader, document
    return None


def _recognises(reader: TrainingConfigReader, document: Document) -> bool:
    return isinstance(document.root, Mapping) and reader.recognise(document.root)


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
    return Problem(f"this may be a training config and cannot be read: {reason}", MEND, location)


def _blame(reader: TrainingConfigReader, fault: str, file: str) -> Problem:
    message = f"the reader of {reader.name} configs failed: {fault}"
    return Problem(message, "mend the plugin, or leave it out", Location(file), level="warning")
