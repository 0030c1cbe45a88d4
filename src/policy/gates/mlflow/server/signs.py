"""Signs that a run trains a model, in what it logs: what trainers write of themselves, models, and their files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Parameters by which models are fine-tuned: transformers' and TRL's arguments, PEFT's, those of providers.
TUNING: Final = frozenset(
    """
    num_train_epochs per_device_train_batch_size gradient_accumulation_steps peft_type lora_alpha lora_r lora_dropout
    target_modules fine_tuned_model training_file gradient_checkpointing
    """.split()
)
# Those by which any model is trained.
PARAMETERS: Final = TUNING | frozenset(
    """
    warmup_ratio warmup_steps lr_scheduler_type max_steps save_steps adam_beta1 optimizer_name learning_rate epochs
    n_epochs train_batch_size num_epochs
    """.split()
)
METRICS: Final = frozenset("grad_norm train_loss train_runtime train_samples_per_second train_steps_per_second".split())
# Files that hold a model, or what is left of training one. Much else is pickled, too.
MODEL_FILES: Final = frozenset(
    """
    mlmodel adapter_config.json adapter_model.bin training_args.bin trainer_state.json model.pkl python_model.pkl
    model.joblib saved_model.pb
    """.split()
)
WEIGHTS: Final = (".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".onnx", ".h5", ".keras", ".ubj")
# Whole, or in parts that are numbered.
TORCH: Final = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin")


def find_training(arguments: Mapping[str, Any]) -> str:
    """What shows that a run trains, in words; empty where nothing does."""
    named = find_parameter(_list_keys(arguments, "param"))
    if named:
        return f"it logs the parameter `{named}`"
    named = _find_name(_list_keys(arguments, "metric"), METRICS)
    if named:
        return f"it logs the metric `{named}`"
    return _find_model(arguments)


def find_change(arguments: Mapping[str, Any]) -> str:
    """What shows that what a run trains on, with, or makes, is another; empty where nothing does."""
    named = next(iter(_list_keys(arguments, "param")), "")
    if named:
        return f"it logs the parameter `{named}`"
    if arguments.get("datasets"):
        return "it logs data that it was given"
    return _find_model(arguments)


def find_tuning(arguments: Mapping[str, Any]) -> str:
    """The first parameter by which a model is fine-tuned; empty where there is none."""
    return _find_name(_list_keys(arguments, "param"), TUNING)


def find_parameter(names: Iterable[str]) -> str:
    """The first name that only a trainer's parameter has."""
    return _find_name(names, PARAMETERS)


def find_weights(names: Iterable[str]) -> str:
    """The first file that holds a model; empty where none does."""
    for name in names:
        last = name.rpartition("/")[2].lower()
        if last in MODEL_FILES or last.endswith(WEIGHTS) or TORCH.fullmatch(last):
            return name
    return ""


def _find_model(arguments: Mapping[str, Any]) -> str:
    # Models are given to `log_inputs` beside data sets; those are read, and not made.
    made = arguments.get("models") and "datasets" not in arguments
    return "it logs a model" if made or arguments.get("mlflow_model") is not None else ""


def _find_name(names: Iterable[str], known: frozenset[str]) -> str:
    # Some write `train/grad_norm`, or `args/lora_alpha`.
    return next((name for name in names if name.rpartition("/")[2] in known), "")


def _list_keys(arguments: Mapping[str, Any], kind: str) -> Iterable[str]:
    yield from (item.key for item in arguments.get(f"{kind}s") or ())
    item = arguments.get(kind)
    if item is not None:
        yield item.key
