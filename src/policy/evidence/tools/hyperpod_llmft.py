"""HyperPod's recipes for its own fine-tuning library, `llm_finetuning_aws`, and for models in the way of NeMo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import get_text, is_true
from policy.evidence.tools.hyperpod_settings import (
    list_files,
    name_adapter,
    observe_base,
    observe_held_out,
    observe_length,
)
from policy.evidence.tools.nested_configs import EMPTY, NOTHING, find_section
from policy.source.node import Mapping

if TYPE_CHECKING:
    from policy.evidence.tools.nested_configs import NestedReading
    from policy.plugins.contracts import DatasetReference

_METHODS = {
    "sft": "sft",
    "dpo": "dpo",
    "kto": "kto",
    "orpo": "orpo",
    "ppo": "ppo",
    "grpo": "grpo",
    "rm": "reward",
    "kd": "distillation",
}
_FILES = ("file_path", "name")


def is_llmft(root: Mapping) -> bool:
    """Whether the recipe is for the fine-tuning library."""
    training = find_section(root, "training_config")
    return bool(get_text(find_section(training, "training_args"), "trainer_type")) and bool(
        find_section(training, "model_config").entries
    )


def read_llmft(reading: NestedReading) -> list[DatasetReference]:
    """What a recipe for the fine-tuning library tells."""
    training = find_section(reading.root, "training_config")
    arguments, model = find_section(training, "training_args"), find_section(training, "model_config")
    observe_base(reading, reading.text("model_name_or_path", model))
    _observe_method(reading, arguments)
    _observe_adapter(reading, model)
    seed = reading.integer("seed", arguments)
    if seed.value is not None:
        reading.state("training.seed", seed.value, seed.node)
    observe_length(reading, reading.number("max_epochs", arguments), NOTHING)
    data = find_section(training, "datasets")
    splits = {"train_data": "train", "val_data": "validation"}
    found = [
        reference
        for key, split in splits.items()
        for reference in list_files(reading, find_section(data, key), dict.fromkeys(_FILES, split))
    ]
    held_out = [reference for reference in found if reference.split == "validation"]
    observe_held_out(reading, held_out, reading.number("train_val_split_ratio", data))
    return found


def _observe_method(reading: NestedReading, arguments: Mapping) -> None:
    trainer, plain = reading.text("trainer_type", arguments), reading.boolean("pretrain_mode", arguments)
    if plain.value:
        reading.state("training.method", "continued-pretraining", plain.node)
    elif trainer.value and not plain.is_unreadable:
        reading.state("training.method", _METHODS.get(trainer.value.lower(), "other"), trainer.node)


def _observe_adapter(reading: NestedReading, model: Mapping) -> None:
    node = model.get("peft_config")
    settings = node if isinstance(node, Mapping) else EMPTY
    kind, dora = reading.text("peft_type", settings), reading.boolean("use_dora", settings)
    if kind.value and not dora.is_unreadable:
        word = name_adapter(kind.value)
        reading.state("training.adapter", "dora" if dora.value and word == "lora" else word, kind.node)
    elif not settings.entries:
        reading.state("training.adapter", "full", node)


def is_nemo(root: Mapping) -> bool:
    """Whether the recipe has a model's settings in the way of NeMo, and tunes it: by default it begins from nothing."""
    model = find_section(root, "model")
    scheme = get_text(find_section(model, "peft"), "peft_scheme")
    return bool(find_section(root, "trainer").entries) and (is_true(model, "do_finetune") or bool(scheme))


def read_nemo(reading: NestedReading) -> list[DatasetReference]:
    """What a recipe in the way of NeMo tells; the length of its training is a number of steps."""
    model = find_section(reading.root, "model")
    observe_base(reading, reading.text("hf_model_name_or_path", model))
    reading.state("training.method", "dpo" if is_true(find_section(model, "dpo"), "enabled") else "sft")
    peft = find_section(model, "peft")
    kind = next((one for key in ("peft_type", "peft_scheme") if (one := reading.text(key, peft)).value), NOTHING)
    reading.state("training.adapter", name_adapter(kind.value) if kind.value else "full", kind.node)
    seed = reading.integer("seed", model)
    if seed.value is not None:
        reading.state("training.seed", seed.value, seed.node)
    data = find_section(model, "data")
    found = list_files(reading, data, {"train_dir": "train", "val_dir": "validation"})
    found += list_files(reading, find_section(reading.root, "dataset"), {"dataset_path": "train"})
    observe_held_out(reading, [reference for reference in found if reference.split == "validation"], NOTHING)
    return found
