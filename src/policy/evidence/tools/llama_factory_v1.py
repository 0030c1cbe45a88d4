"""LLaMA-Factory's second schema, under its examples/v1: `model`, `train_dataset` and a plugin for each concern.

Defaults are those of v1/config/*_args.py: seed 42, 3 epochs, no `trust_remote_code`, no way to pin a revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.quantization import is_quantized
from policy.evidence.tools.config_reading import Setting, get_text
from policy.evidence.tools.llama_factory_datasets import read_datasets
from policy.source.node import Mapping

if TYPE_CHECKING:
    from policy.evidence.tools.config_reading import ConfigReading
    from policy.plugins.contracts import ConfigFacts

_ADAPTERS = ("full", "lora", "freeze", "oft")
_OWN_KEYS = ("model_class", "kernel_config", "dist_config", "init_config", "quant_config", "sample_backend")
# Its words for training; without a plugin, which full fine-tuning needs none of, one of them tells its configs.
_TRAINING_KEYS = ("micro_batch_size", "global_batch_size", "batching_strategy", "cutoff_len")
# Words that many tools use, which tell a training only where it also has somewhere to put its result.
_COMMON_KEYS = ("learning_rate", "num_train_epochs", "max_steps")
# What turns rows into pairs of a chosen and a rejected answer.
_PAIRS = "pair"


def is_v1(root: Mapping) -> bool:
    """Whether this is a training config of the second schema."""
    if not (get_text(root, "model") and get_text(root, "train_dataset")):
        return False
    adapter = root.get("peft_config")
    named = isinstance(adapter, Mapping) and bool(get_text(adapter, "name"))
    if named or any(root.get(key) is not None for key in _OWN_KEYS):
        return True
    common = get_text(root, "output_dir") and any(get_text(root, key) for key in _COMMON_KEYS)
    return bool(common) or any(get_text(root, key) for key in _TRAINING_KEYS)


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
    adapter, quantization = reading.plugin("peft_config"), reading.plugin("quant_config")
    settings = adapter.node if isinstance(adapter.node, Mapping) else reading.root
    dora = reading.boolean("use_dora", settings)
    if any(setting.is_unreadable for setting in (adapter, quantization, dora)):
        return
    word = (adapter.value or "full").lower()
    if word == "lora" and (quantization.value or is_quantized(base)):
        word = "qlora"
    elif word == "lora" and dora.value:
        word = "dora"
    elif word not in _ADAPTERS:
        word = "other"
    reading.observe("training.adapter", adapter._replace(value=word), word)


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
