"""The datasets that LLaMA-Factory's configs name: keys of an index that says which file or repository each one is."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError
from policy.evidence.tools.config_reading import get_text
from policy.evidence.tools.readers import leads_outside
from policy.plugins.contracts import DatasetReference
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.errors import Location
    from policy.evidence.tools.config_reading import ConfigReading
    from policy.source.node import Node

_INDEX = "dataset_info.json"
# In this order, as LLaMA-Factory's data/parser.py looks for them.
_ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")


class DatasetIndex:
    """`dataset_info.json` of the classic schema, in the folder `dataset_dir` (by default `data`)."""

    def __init__(self, reading: ConfigReading) -> None:
        self.reading = reading
        self.folder = reading.text("dataset_dir")
        limit = reading.integer("max_samples")
        negative = limit.value is not None and limit.value < 0
        if negative:
            reading.warn(limit.node, f"`max_samples` is {limit.value}, and no number of examples is negative")
        # None are taken with 0: the tool leaves nothing of a dataset then.
        self.limit = None if negative else limit.value
        unclear = negative or limit.is_unreadable
        self.portion = f"max_samples: {get_text(reading.root, 'max_samples')}" if unclear else ""

    @cached_property
    def path(self) -> str | None:
        """The index, relative to the repository's root."""
        if self.folder.is_unreadable:
            return None
        return self.reading.context.find_file(posixpath.join(self.folder.value or "data", _INDEX))

    @cached_property
    def entries(self) -> dict[str, Any] | None:
        """Key to entry; None where the index cannot be had."""
        data = self.reading.context.read_file(self.path) if self.path else None
        return None if data is None else _parse_index(data)

    def list_datasets(self, key: str, split: str) -> list[DatasetReference]:
        """What the comma-separated names under `key` stand for."""
        names = self.reading.texts(key, separator=",")
        if names.is_unreadable:
            return [_leave_open(self.reading.locate(names.node), split)]
        # However often a name is repeated, it is looked up once.
        distinct: dict[str, Node] = {}
        for name, node in names.value or ():
            distinct.setdefault(name, node)
        found = [self._resolve(name, split, node) for name, node in distinct.items()]
        if found and self.entries is None and not self._is_remote:
            where = f"{self.folder.value or 'data'}/{_INDEX}"
            self.reading.warn(
                names.node,
                f"what the datasets of `{key}` are is unknown: `{where}` is missing or cannot be read",
                f"put `{_INDEX}` into the repository, or name the data's files in the manifest",
            )
        return found

    @property
    def _is_remote(self) -> bool:
        return (self.folder.value or "").startswith(("ONLINE", "REMOTE:"))

    def _resolve(self, name: str, split: str, node: Node) -> DatasetReference:
        location = self.reading.locate(node)
        unknown = DatasetReference(None, name, split, location, resolved=self.folder.value == "ONLINE")
        if self.entries is None:
            return unknown
        entry = self.entries.get(name)
        if not isinstance(entry, dict):
            self.reading.warn(node, f"the dataset `{name}` is not in `{self.path}`", "add it, or correct the name")
            return unknown
        reference = _read_entry(entry, posixpath.dirname(self.path or ""), split, location, self.reading)
        portion = _find_portion(entry) or self.portion
        return (reference or unknown)._replace(limit=self.limit, portion=portion)


def read_datasets(reading: ConfigReading, key: str, split: str) -> tuple[list[DatasetReference], frozenset[str] | None]:
    """What `key` of the second schema names, and the converters its index sets; None for those where it is not had."""
    setting = reading.text(key)
    location = reading.locate(setting.node)
    if setting.value is None:
        return ([] if setting.is_missing else [_leave_open(location, split)]), None
    written = setting.value
    found = reading.context.find_file(written)
    if not written.endswith((".yaml", ".yml")):
        reference = DatasetReference(found, None if found else written, split, location)
        return [reference], None
    entries = _read_index(reading, found)
    if entries is None:
        message = f"what the datasets of `{key}` are is unknown: `{written}` is missing or cannot be read"
        reading.warn(setting.node, message, "put it into the repository, or name the data's files in the manifest")
        return [DatasetReference(None, written, split, location, resolved=False)], None
    references = [_read_v1_entry(name, entry, split, location, reading) for name, entry in entries]
    return references, frozenset(str(entry.get("converter", "")) for _, entry in entries)


def _read_v1_entry(
    name: str, entry: dict[str, Any], split: str, location: Location, reading: ConfigReading
) -> DatasetReference:
    written = entry.get("path")
    if written is None:
        reference = _read_entry(entry, entry.get("dataset_dir", ""), split, location, reading)
    elif found := reading.context.find_file(written):
        reference = DatasetReference(found, None, split, location)
    else:
        local = entry.get("source") == "local"
        reference = DatasetReference(None, written, split, location, resolved=not local)
    reference = reference or DatasetReference(None, name, split, location, resolved=False)
    return reference._replace(portion=_find_portion(entry))


def _read_entry(
    entry: dict[str, Any], folder: str, split: str, location: Location, reading: ConfigReading
) -> DatasetReference | None:
    """What one entry stands for; None where it says neither a file nor a place elsewhere."""
    for key in _ELSEWHERE:
        if isinstance(entry.get(key), str) and entry[key]:
            return DatasetReference(None, entry[key], split, location)
    file = entry.get("file_name")
    if not isinstance(file, str) or not file:
        return None
    path = posixpath.normpath(posixpath.join(folder, file))
    if found := reading.context.find_file(path):
        return DatasetReference(found, None, split, location)
    if leads_outside(path) or reading.context.find_folder(path):
        return DatasetReference(None, path, split, location, resolved=False)
    return DatasetReference(path, None, split, location)


def _find_portion(entry: dict[str, Any]) -> str:
    """The part of a dataset, or the multiple of it, that its entry selects."""
    for key in ("num_samples", "size", "weight"):
        if entry.get(key) is not None:
            return f"{key}: {entry[key]}"
    split = entry.get("split")
    return split if isinstance(split, str) and "[" in split else ""


def _parse_index(data: bytes) -> dict[str, Any] | None:
    import json

    try:
        parsed = json.loads(data)
        if b"\\u" in data:
            # Half of a surrogate pair is text that nothing can write down again.
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _read_index(reading: ConfigReading, path: str | None) -> list[tuple[str, dict[str, str]]] | None:
    """The entries of a YAML index, their plain values as text."""
    data = reading.context.read_file(path) if path else None
    if path is None or data is None:
        return None
    try:
        root = read_yaml(data, path).root
    except PolicyError:
        return None
    if not isinstance(root, Mapping):
        return None
    return [
        (name, {key: text for key in entry.entries if (text := get_text(entry, key))})
        for name, (_, entry) in root.entries.items()
        if isinstance(entry, Mapping)
    ]


def _leave_open(location: Location, split: str) -> DatasetReference:
    return DatasetReference(None, None, split, location, resolved=False)
