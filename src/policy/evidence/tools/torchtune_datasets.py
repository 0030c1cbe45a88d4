"""torchtune's datasets: builders, each with a source that it has by itself or is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import Setting, get_text
from policy.evidence.tools.dataset_names import refer_files
from policy.plugins.contracts import DatasetReference
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.tools.nested_configs import NestedReading
    from policy.source.node import Node

_COMPONENT = "_component_"
# The sources that torchtune's builders have by default (torchtune/datasets).
_SOURCES = {
    "alpaca_dataset": "tatsu-lab/alpaca",
    "alpaca_cleaned_dataset": "yahma/alpaca-cleaned",
    "cnn_dailymail_articles_dataset": "ccdv/cnn_dailymail",
    "grammar_dataset": "liweili/c4_200m",
    "hh_rlhf_helpful_dataset": "RLHFlow/HH-RLHF-Helpful-standard",
    "llava_instruct_dataset": "liuhaotian/LLaVA-Instruct-150K",
    "samsum_dataset": "Samsung/samsum",
    "slimorca_dataset": "Open-Orca/SlimOrca-Dedup",
    "stack_exchange_paired_dataset": "lvwerra/stack-exchange-paired",
    "the_cauldron_dataset": "HuggingFaceM4/the_cauldron",
    "wikitext_dataset": "EleutherAI/wikitext_document_level",
}
_PLAIN_TEXT = ("text_completion_dataset", "wikitext_dataset", "cnn_dailymail_articles_dataset")


def list_datasets(reading: NestedReading) -> list[DatasetReference]:
    """The datasets to train on, and the one to evaluate with."""
    keys = {"dataset": "train", "datasets": "train", "dataset_val": "validation"}
    return [
        found
        for key, split in keys.items()
        for item in _list_items(reading.root.get(key))
        for found in _refer_item(reading, item, split)
    ]


def has_plain_text(root: Mapping) -> bool:
    """Whether every dataset to train on is text without questions and answers."""
    builders = [_get_builder(item) for item in _list_items(root.get("dataset"))]
    return bool(builders) and all(builder in _PLAIN_TEXT for builder in builders)


def _list_items(node: Node | None) -> list[Node]:
    if node is None or (isinstance(node, Scalar) and (node.is_null or not node.text)):
        return []
    return node.items if isinstance(node, Sequence) else [node]


def _get_builder(item: Node) -> str:
    return get_text(item, _COMPONENT).rpartition(".")[2] if isinstance(item, Mapping) else ""


def _refer_item(reading: NestedReading, item: Node, split: str) -> Iterator[DatasetReference]:
    if not isinstance(item, Mapping):
        reading.warn(item, f"a dataset is not a mapping with a `{_COMPONENT}`")
        yield DatasetReference(None, None, split, reading.locate(item), resolved=False)
        return
    source, builder = reading.text("source", item), item.get(_COMPONENT)
    if source.is_missing:
        source = Setting(_SOURCES.get(_get_builder(item)), builder or item)
    if source.value is None:
        # A builder of the project's own: what it reads is in its code.
        name = get_text(item, _COMPONENT) or None
        yield DatasetReference(None, name, split, reading.locate(builder or item), resolved=False)
        return
    portion = get_text(item, "split")
    parts = (portion if "[" in portion else "", get_text(item, "partition"))
    yield from refer_files(reading, source, reading.texts("data_files", item), split, " ".join(filter(None, parts)))
