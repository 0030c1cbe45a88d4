"""HyperPod's recipes for Amazon Nova models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import get_text, is_true
from policy.evidence.tools.hyperpod_settings import list_files, name_adapter, observe_held_out, observe_length
from policy.evidence.tools.nested_configs import NOTHING, find_section

if TYPE_CHECKING:
    from policy.evidence.tools.nested_configs import NestedReading
    from policy.plugins.contracts import DatasetReference
    from policy.source.node import Mapping, Node

_FAMILY = "amazon.nova"
_PPO = "ppo_actor_train"
_TRAINING = "training_config"
# Where recipes of one version or another have their adapter.
_PEFT = ((_TRAINING, "model", "peft"), (_TRAINING, "peft"), (_TRAINING, "trainer", "peft"))
_DATA = {
    "data_s3_path": "train",
    "validation_data_s3_path": "validation",
    "validation_s3_path": "validation",
}


def is_nova(root: Mapping) -> bool:
    """Whether the recipe is for a Nova model."""
    family = get_text(find_section(root, "run"), "model_type").startswith(_FAMILY)
    return family and any(find_section(root, key).entries for key in (_TRAINING, _PPO))


def read_nova(reading: NestedReading) -> list[DatasetReference]:
    """What a recipe for a Nova model tells; how it is seeded and what code it runs are the provider's."""
    root = reading.root
    run, training = find_section(root, "run"), find_section(root, _TRAINING)
    base = reading.text("model_name_or_path", run)
    if base.value:
        reading.state("model.base", base.value, base.node)
    _observe_method(reading, training)
    _observe_adapter(reading, training)
    trainer = find_section(training, "trainer")
    sections = (trainer, training, find_section(root, _PPO))
    steps = next(
        (one for section in sections if not (one := reading.integer("max_steps", section)).is_missing), NOTHING
    )
    observe_length(reading, reading.number("max_epochs", trainer), steps)
    found = list_files(reading, run, _DATA)
    observe_held_out(reading, [reference for reference in found if reference.split == "validation"], NOTHING)
    return found


def _observe_method(reading: NestedReading, training: Mapping) -> None:
    told = _find_method(reading.root, training)
    if told:
        reading.state("training.method", *told)
    elif any(find_section(reading.root, *path).entries for path in _PEFT):
        # Recipes for supervised training have the block even where they use no adapter.
        reading.state("training.method", "sft")
    else:
        reading.state("training.method", "continued-pretraining", origin="estimated")


def _find_method(root: Mapping, training: Mapping) -> tuple[str, Node | None] | None:
    """The method and what tells it; training on answers that a reward function judges has no name of its own here."""
    task = training.get("task_type")
    told = (
        ("ppo", root.get(_PPO)),
        ("dpo", find_section(training, "model").get("dpo_cfg")),
        ("distillation", training.get("distillation_data") if is_true(training, "distillation_data") else None),
        ("continued-pretraining", task if get_text(training, "task_type").lower() == "cpt" else None),
        ("other", training.get("rollout") or find_section(root, "run").get("reward_lambda_arn")),
    )
    return next(((method, node) for method, node in told if node is not None), None)


def _observe_adapter(reading: NestedReading, training: Mapping) -> None:
    if is_true(training, "distillation_data"):
        # It makes the data for the training of a smaller model, whose adapter is settled there.
        return
    blocks = [find_section(reading.root, *path) for path in _PEFT]
    scheme = next((one for block in blocks if not (one := reading.text("peft_scheme", block)).is_missing), NOTHING)
    if not scheme.is_unreadable:
        reading.state("training.adapter", name_adapter(scheme.value) if scheme.value else "full", scheme.node)
