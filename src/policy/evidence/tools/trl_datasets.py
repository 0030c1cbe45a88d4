"""The data of TRL's scripts: one dataset by its name, or several, as TRL or the alignment handbook lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import get_text
from policy.evidence.tools.dataset_names import refer, refer_files
from policy.evidence.tools.nested_configs import find_section
from policy.evidence.values import read_number
from policy.plugins.contracts import DatasetReference
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.tools.config_reading import ConfigReading

# The handbook's first way: name → share of its rows. Its second one, `dataset_mixture`, lists them as TRL's does.
_MIXER = "dataset_mixer"


def has_datasets(root: Mapping) -> bool:
    """Whether data is named in a way of TRL's."""
    listed = root.get("datasets")
    mappings = isinstance(listed, Sequence) and any(isinstance(item, Mapping) for item in listed.items)
    return bool(get_text(root, "dataset_name")) or mappings or is_mixture(root)


def is_mixture(root: Mapping) -> bool:
    """Whether data is mixed in a way of the handbook's."""
    mixture = find_section(root, "dataset_mixture").get("datasets")
    return bool(find_section(root, _MIXER).entries) or (isinstance(mixture, Sequence) and bool(mixture.items))


def list_datasets(reading: ConfigReading) -> list[DatasetReference]:
    """All datasets that the config names; TRL takes a list of them for the one of `dataset_name`."""
    mixture = find_section(reading.root, "dataset_mixture").get("datasets") or reading.root.get("datasets")
    if isinstance(mixture, Sequence):
        return [found for item in mixture.items for found in _refer_item(reading, item)]
    if is_mixture(reading.root):
        mixer = find_section(reading.root, _MIXER)
        return [refer(reading, key, key.text, "train", _describe_share("", value)) for key, value in mixer]
    name = reading.text("dataset_name")
    portion = get_text(reading.root, "dataset_train_split")
    return list(refer_files(reading, name, reading.texts("data_files"), "train", portion if "[" in portion else ""))


def _refer_item(reading: ConfigReading, item: object) -> Iterator[DatasetReference]:
    if not isinstance(item, Mapping):
        node = item if isinstance(item, Scalar | Sequence) else None
        reading.warn(node, "a dataset of the mixture is not a mapping with a name")
        yield DatasetReference(None, None, "train", reading.locate(node), resolved=False)
        return
    source = reading.text("id" if item.get("id") is not None else "path", item)
    if source.is_missing:
        reading.warn(item, "a dataset of the mixture has no name")
    share = item.get("weight") or item.get("fraction")
    portion = _describe_share(get_text(item, "split"), share)
    yield from refer_files(reading, source, reading.texts("data_files", item), "train", portion)


def _describe_share(split: str, share: object) -> str:
    """The part that is used, where it is not the whole of a split."""
    text = share.text if isinstance(share, Scalar) and not share.is_null else ""
    number = read_number(text)
    taken = f"{text} of the rows" if text and number != 1 else ""
    return " ".join(part for part in (split if "[" in split else "", taken) if part)
