"""Axolotl's training configs.

Defaults are those of Axolotl's configuration reference (`axolotl config-schema`, utils/schemas): `num_epochs` 1.0,
`val_set_size` 0.0, no `revision_of_model`, no `trust_remote_code`, no `adapter`. A `seed` that is not set becomes 42.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import ConfigReading, Setting, get_text
from policy.evidence.tools.readers import leads_outside
from policy.evidence.values import read_number
from policy.plugins.contracts import ConfigFacts, DatasetReference
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.plugins.contracts import ConfigContext
    from policy.source.node import Document, Node

# IPO is DPO with another loss (Axolotl's RLHF page); SimPO, GDPO and EBFT have trainers of their own.
_METHODS = {"dpo": "dpo", "ipo": "dpo", "kto": "kto", "orpo": "orpo", "grpo": "grpo"}
_TRAINERS = {"reward_model": "reward", "process_reward_model": "reward", "kd_trainer": "distillation"}
_ADAPTERS = ("lora", "qlora", "dora", "oft")
# With these as path, `data_files` are local files: they name a format of Hugging Face datasets, not a dataset.
_FORMATS = ("json", "csv", "parquet", "arrow", "text")
_DATA_ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet", ".arrow", ".txt")
_WILDCARDS = frozenset("*?[")
# What tells a config whose datasets are plain names from a model card's header, which has such names too.
_TRAINING_KEYS = (
    "rl",
    "adapter",
    "num_epochs",
    "max_steps",
    "learning_rate",
    "micro_batch_size",
    "gradient_accumulation_steps",
    "optimizer",
    "sequence_len",
    "output_dir",
    "val_set_size",
)


class AxolotlReader:
    """Reads Axolotl's training configs: a base model with datasets to train it on."""

    name = "axolotl"
    marks: tuple[bytes, ...] = (b"base_model",)

    def recognise(self, root: Mapping) -> bool:
        if not get_text(root, "base_model"):
            return False
        listed = [item for key in ("datasets", "pretraining_dataset") for item in _list_items(root.get(key))]
        if any(isinstance(item, Mapping) for item in listed) or get_text(root, "pretraining_dataset"):
            return True
        return bool(listed) and any(get_text(root, key) for key in _TRAINING_KEYS)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        root = document.root
        if not isinstance(root, Mapping):
            return ConfigFacts((), (), ())
        reading = ConfigReading(self.name, root, document, context)
        reading.observe_training()
        reading.observe_model(reading.text("base_model"), reading.text("revision_of_model"))
        reading.observe("model.remote_code", reading.boolean("trust_remote_code"), default=False)
        _observe_method(reading)
        _observe_adapter(reading)
        reading.observe("training.seed", reading.integer("seed"), 42)
        reading.observe_epochs(reading.number("num_epochs"), reading.integer("max_steps"), 1.0)
        training = [*_list_datasets(reading, "datasets", "train")]
        training += _list_datasets(reading, "pretraining_dataset", "train")
        held_out = [*_list_datasets(reading, "test_datasets", "validation")]
        known = [reference for reference in held_out if reference.path or reference.name]
        node = root.get("test_datasets") if held_out else None
        reading.observe_validation(Setting(known or None, node), reading.number("val_set_size"))
        return reading.finish((*training, *held_out))


def _observe_method(reading: ConfigReading) -> None:
    trainers = {key: reading.boolean(key) for key in _TRAINERS}
    rl = reading.text("rl")
    told = next((key for key, setting in trainers.items() if setting.value), None)
    if told:
        reading.state("training.method", _TRAINERS[told], trainers[told].node)
    elif rl.is_unreadable or any(setting.is_unreadable for setting in trainers.values()):
        return
    elif rl.value:
        reading.state("training.method", _METHODS.get(rl.value.lower(), "other"), rl.node)
    elif pretraining := _find_pretraining(reading.root):
        reading.state("training.method", "continued-pretraining", pretraining)
    else:
        reading.suppose("training.method", "sft")


def _find_pretraining(root: Mapping) -> Node | None:
    """What makes this a training on plain text: a dataset for it, or datasets that are completions throughout."""
    streamed = root.get("pretraining_dataset")
    if _list_items(streamed):
        return streamed
    datasets = [item for item in _list_items(root.get("datasets")) if isinstance(item, Mapping)]
    types = [get_text(item, "type").partition(":")[0] for item in datasets]
    return datasets[0].get("type") if types and set(types) == {"completion"} else None


def _observe_adapter(reading: ConfigReading) -> None:
    """State which weights are trained: as `adapter` declares it, whatever the base model is loaded in."""
    adapter, dora = reading.text("adapter"), reading.boolean("peft_use_dora")
    unfrozen = reading.root.get("unfrozen_parameters")
    if adapter.is_unreadable or dora.is_unreadable:
        return
    if adapter.value:
        word = adapter.value.lower()
        value = "dora" if dora.value and word == "lora" else word if word in _ADAPTERS else "other"
        reading.state("training.adapter", value, adapter.node)
    elif isinstance(unfrozen, Sequence) and unfrozen.items:
        reading.state("training.adapter", "freeze", unfrozen)
    else:
        reading.suppose("training.adapter", "full")


def _list_datasets(reading: ConfigReading, key: str, split: str) -> Iterator[DatasetReference]:
    for item in _list_items(reading.root.get(key)):
        if isinstance(item, Mapping):
            yield from _resolve_dataset(reading, item, split)
        elif isinstance(item, Scalar) and item.text and not item.is_null and read_number(item.text) is None:
            yield _refer(reading, item, item.text, split)
        else:
            reading.warn(item, f"an item of `{key}` is not a mapping with a `path`, nor a name")
            yield DatasetReference(None, None, split, reading.locate(item), resolved=False)


def _resolve_dataset(reading: ConfigReading, item: Mapping, split: str) -> Iterator[DatasetReference]:
    path, files = reading.text("path", item), reading.texts("data_files", item)
    if path.is_missing:
        reading.warn(item, "the dataset has no `path`")
    if not path.value or files.is_unreadable:
        yield DatasetReference(None, None, split, reading.locate(item), resolved=False)
        return
    portion = _find_portion(item)
    folder = reading.context.find_folder(path.value)
    if not files.value or not (folder is not None or path.value in _FORMATS):
        yield _refer(reading, path.node, path.value, split)._replace(portion=portion)
        return
    for text, node in files.value:
        inside = f"{folder}/{text}"
        is_inside = folder and not reading.context.find_file(text) and reading.context.exists(inside)
        yield _refer(reading, node, inside if is_inside else text, split)._replace(portion=portion)


def _refer(reading: ConfigReading, node: Node | None, written: str, split: str) -> DatasetReference:
    """A file of the repository if there is one of that name; else the name of something elsewhere."""
    location = reading.locate(node)
    if not _WILDCARDS.isdisjoint(written):
        return DatasetReference(None, written, split, location, resolved=False)
    if found := reading.context.find_file(written):
        return DatasetReference(found, None, split, location)
    if written.endswith(_DATA_ENDINGS) and not leads_outside(written) and "://" not in written:
        # A file that is not there, such as one that is fetched before training; the collector tells what it lacks.
        return DatasetReference(posixpath.normpath(written), None, split, location)
    resolved = reading.context.find_folder(written) is None
    return DatasetReference(None, written, split, location, resolved)


def _find_portion(item: Mapping) -> str:
    """The part of the dataset that is used, where it is not all of it."""
    split = get_text(item, "split")
    if "[" in split:
        return split
    shards = get_text(item, "shards")
    return f"1 of {shards} shards" if shards else ""


def _list_items(node: Node | None) -> list[Node]:
    """The items of a list; a value that is none stands for a list of itself."""
    if node is None or (isinstance(node, Scalar) and (node.is_null or not node.text)):
        return []
    return node.items if isinstance(node, Sequence) else [node]
