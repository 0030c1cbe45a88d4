"""HyperPod's recipes for verl, and for its agents that learn over several turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import get_text
from policy.evidence.tools.hyperpod_settings import (
    list_files,
    observe_base,
    observe_held_out,
    observe_length,
    observe_lora,
)
from policy.evidence.tools.nested_configs import NOTHING, find_section

if TYPE_CHECKING:
    from policy.evidence.tools.nested_configs import NestedReading
    from policy.plugins.contracts import DatasetReference
    from policy.source.node import Mapping

_ESTIMATORS = {"grpo": "grpo", "gae": "ppo"}
_FILES = {"train_files": "train", "val_files": "validation"}


def is_verl(root: Mapping) -> bool:
    """Whether the recipe is for verl."""
    training = find_section(root, "training_config")
    return bool(get_text(_find_model(training), "path")) and bool(find_section(training, "data").entries)


def read_verl(reading: NestedReading) -> list[DatasetReference]:
    """What a recipe for verl tells."""
    training = find_section(reading.root, "training_config")
    model, data, trainer = _find_model(training), find_section(training, "data"), find_section(training, "trainer")
    observe_base(reading, reading.text("path", model))
    remote = reading.boolean("trust_remote_code", model)
    if remote.value is not None:
        reading.state("model.remote_code", remote.value, remote.node)
    _observe_method(reading, training)
    observe_lora(reading, model)
    _observe_seed(reading, training)
    observe_length(reading, reading.number("total_epochs", trainer), reading.integer("total_training_steps", trainer))
    found = list_files(reading, data, _FILES)
    held_out = [reference for reference in found if reference.split == "validation"]
    observe_held_out(reading, held_out, reading.number("train_val_split_ratio", data))
    return found


def _find_model(training: Mapping) -> Mapping:
    """The model that learns: with rewards it is the actor's."""
    actor = find_section(training, "actor_rollout_ref", "model")
    return actor if actor.entries else find_section(training, "model")


def _observe_method(reading: NestedReading, training: Mapping) -> None:
    estimator = reading.text("adv_estimator", find_section(training, "algorithm"))
    data = find_section(training, "data")
    if estimator.value:
        reading.state("training.method", _ESTIMATORS.get(estimator.value.lower(), "other"), estimator.node)
    elif (chosen := data.get("chosen_key")) is not None:
        reading.state("training.method", "dpo", chosen)
    elif (messages := data.get("messages_key")) is not None:
        reading.state("training.method", "sft", messages)


def _observe_seed(reading: NestedReading, training: Mapping) -> None:
    actor = find_section(training, "actor_rollout_ref", "actor")
    seeds = (
        reading.integer("seed", find_section(training, "data")),
        reading.integer("seed", find_section(training, "engine")),
        reading.integer("data_loader_seed", actor),
    )
    seed = next((one for one in seeds if not one.is_missing), NOTHING)
    if seed.value is not None:
        reading.state("training.seed", seed.value, seed.node)


def is_mtrl(root: Mapping) -> bool:
    """Whether the recipe trains an agent; those that evaluate one have no schedule."""
    agent = get_text(find_section(root, "run"), "model_type") == "mtrl"
    return agent and bool(find_section(root, "schedule").entries) and bool(find_section(root, "rl").entries)


def read_mtrl(reading: NestedReading) -> list[DatasetReference]:
    """What a recipe for an agent tells; its data is named where the job is started."""
    model, schedule = find_section(reading.root, "model"), find_section(reading.root, "schedule")
    observe_base(reading, reading.text("model_name", model))
    reading.state("training.method", "other", reading.root.get("rl"))
    observe_lora(reading, model)
    observe_length(reading, reading.number("epochs", schedule), reading.integer("max_steps", schedule))
    every = reading.integer("val_every", schedule)
    if every.value is not None:
        reading.state("training.validation", every.value > 0, every.node)
    return []
