"""LLaMA-Factory's second schema, under its examples/v1: `model`, `train_dataset` and a plugin for each concern.

Defaults are those of v1/config/*_args.py: seed 42, 3 epochs, no `trust_remote_code`, no way to pin a revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.config_reading import Setting, get_text, is_true
from policy.evidence.llama_factory_datasets import read_datasets
from policy.evidence.quantization import is_quantized
from policy.source.node import Mapping

if TYPE_CHECKING:
    from policy.evidence.config_reading import ConfigReading
    from policy.evidence.readers import ConfigFacts

_ADAPTERS = ("lora", "freeze", "oft")
_OWN_KEYS = ("model_class", "kernel_config", "dist_config", "init_config", "quant_config", "sample_backend")
# What turns rows into pairs of a chosen and a rejected answer.
_PAIRS = "pair"


def is_v1(root: Mapping) -> bool:
    """Whether this is a training config of the second schema."""
    if not (get_text(root, "model") and get_text(root, "train_dataset")):
        return False
    return bool(_get_name(root, "peft_config")) or any(root.get(key) is not None for key in _OWN_KEYS)


def read_v1(reading: ConfigReading) -> ConfigFacts:
    """What is particular to the second schema."""
    base = reading.text("model")
    reading.observe_model(base, Setting(None, None))
    _observe_adapter(reading, base.value or "")
    training, converters = read_datasets(reading, "train_dataset", "train")
    held_out, _ = read_datasets(reading, "eval_dataset", "validation")
    _observe_method(reading, converters)
    reading.observe_validation(reading.texts("eval_dataset"), Setting(None, None))
    return reading.finish((*training, *held_out))


def _observe_adapter(reading: ConfigReading, base: str) -> None:
    node = reading.root.get("peft_config")
    word = _get_name(reading.root, "peft_config").lower()
    if word == "lora" and (_get_name(reading.root, "quant_config") or is_quantized(base)):
        word = "qlora"
    elif word == "lora" and isinstance(node, Mapping) and is_true(node, "use_dora"):
        word = "dora"
    if word:
        reading.state("training.adapter", word if word in (*_ADAPTERS, "qlora", "dora") else "other", node)
    elif not get_text(reading.root, "peft_config") and not isinstance(node, Mapping):
        reading.suppose("training.adapter", "full")


def _observe_method(reading: ConfigReading, converters: frozenset[str] | None) -> None:
    """State the method. The schema has no key for it: the command that is started says it.

    A model that classifies can only learn a reward, and pairs only serve DPO then. Other data is for the command
    `train`, which is supervised; where the datasets are not at hand that is no more than an estimate.
    """
    model_class = reading.root.get("model_class")
    dataset = reading.root.get("train_dataset")
    if get_text(reading.root, "model_class") == "cls":
        reading.state("training.method", "reward", model_class)
    elif converters is not None:
        reading.state("training.method", "dpo" if _PAIRS in converters else "sft", dataset)
    elif "dpo" not in get_text(reading.root, "train_dataset").lower():
        reading.state("training.method", "sft", dataset, origin="estimated")


def _get_name(root: Mapping, key: str) -> str:
    """The name of the plugin that is set for a concern; empty without one."""
    node = root.get(key)
    return get_text(node, "name") if isinstance(node, Mapping) else ""
