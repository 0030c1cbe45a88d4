"""What a training config calls its data → references: files of the repository, or names of what lies elsewhere."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.tools.readers import leads_outside
from policy.plugins.contracts import DatasetReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.tools.config_reading import ConfigReading, Setting
    from policy.source.node import Node

# With these as a dataset's name, `data_files` are local files: they are formats of Hugging Face datasets.
_FORMATS = ("json", "csv", "parquet", "arrow", "text")
_DATA_ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet", ".arrow", ".txt")
_WILDCARDS = frozenset("*?[")
# What is only known when the training starts: an interpolation, or a variable of the shell.
_OPEN = "$"


def refer(reading: ConfigReading, node: Node | None, written: str, split: str, portion: str = "") -> DatasetReference:
    """A file of the repository if there is one of that name; else the name of something elsewhere."""
    location = reading.locate(node)
    if _OPEN in written or not _WILDCARDS.isdisjoint(written):
        return DatasetReference(None, written, split, location, resolved=False, portion=portion)
    if found := reading.context.find_file(written):
        return DatasetReference(found, None, split, location, portion=portion)
    if written.endswith(_DATA_ENDINGS) and not leads_outside(written) and "://" not in written:
        # A file that is not there, such as one that is fetched before training; the collector tells what it lacks.
        return DatasetReference(posixpath.normpath(written), None, split, location, portion=portion)
    resolved = reading.context.find_folder(written) is None
    return DatasetReference(None, written, split, location, resolved, portion=portion)


def refer_files(
    reading: ConfigReading, source: Setting, files: Setting, split: str, portion: str = ""
) -> Iterator[DatasetReference]:
    """What `load_dataset` reads for a source and its `data_files`, a setting of texts."""
    if not source.value or files.is_unreadable:
        yield DatasetReference(None, None, split, reading.locate(source.node), resolved=False)
        return
    folder = reading.context.find_folder(source.value)
    if not files.value or not (folder is not None or source.value in _FORMATS):
        yield refer(reading, source.node, source.value, split, portion)
        return
    for text, node in files.value:
        inside = f"{folder}/{text}"
        is_inside = folder and not reading.context.find_file(text) and reading.context.exists(inside)
        yield refer(reading, node, inside if is_inside else text, split, portion)
