"""What HyperPod's recipes have in common, whichever trainer they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.dataset_names import refer
from policy.evidence.tools.nested_configs import NOTHING

if TYPE_CHECKING:
    from policy.evidence.tools.config_reading import Setting
    from policy.evidence.tools.nested_configs import NestedReading
    from policy.plugins.contracts import DatasetReference
    from policy.source.node import Mapping

_ADAPTERS = ("lora", "qlora", "dora", "oft")


def list_files(reading: NestedReading, section: Mapping, keys: dict[str, str]) -> list[DatasetReference]:
    """The data that keys of a section name; keys are those to their splits, in the order of preference of each."""
    found: list[DatasetReference] = []
    for key, split in keys.items():
        if not any(reference.split == split for reference in found):
            named = reading.texts(key, section)
            found += [refer(reading, node, text, split) for text, node in named.value or ()]
    return found


def observe_base(reading: NestedReading, base: Setting) -> None:
    """State the base model; a recipe has no key for its revision."""
    reading.observe_model(base, NOTHING)


def observe_length(reading: NestedReading, epochs: Setting, steps: Setting) -> None:
    """State the epochs, where they are set and no number of steps rules."""
    if not epochs.is_missing:
        reading.observe_epochs(epochs, steps, 1.0)


def observe_held_out(reading: NestedReading, held_out: list[DatasetReference], share: Setting) -> None:
    """State whether data is held out: files of their own, or what the share for training leaves."""
    if held_out:
        reading.state("training.validation", value=True)
    elif share.value is not None:
        reading.state("training.validation", share.value < 1, share.node)


def observe_lora(reading: NestedReading, model: Mapping) -> None:
    """State the adapter by the rank of LoRA, which is 0 for none."""
    rank = reading.integer("lora_rank", model)
    if rank.is_missing or rank.value is not None:
        word = "lora" if rank.value else "full"
        reading.state("training.adapter", word, rank.node)


def name_adapter(word: str) -> str:
    """The adapter that a recipe calls `word`, such as `qlora_4bit`."""
    name = word.lower().partition("_")[0]
    return name if name in _ADAPTERS else "other"
