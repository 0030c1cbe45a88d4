"""torchtune's recipe configs: components by their names, and the settings they are built with.

A recipe without a `seed` takes a random one (training/seed.py), and evaluates only where `run_val_every_n_steps` is
set. torchtune builds models from its own code: none comes with the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import Setting, get_text
from policy.evidence.tools.nested_configs import NOTHING, NestedReading, find_section
from policy.evidence.tools.torchtune_datasets import has_plain_text, list_datasets
from policy.model.fact import ABSENT
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Mapping, Sequence

if TYPE_CHECKING:
    from policy.plugins.contracts import ConfigContext
    from policy.source.node import Document

_COMPONENT = "_component_"
_PACKAGE = "torchtune."
# The one that learns; the recipe for PPO names several.
_MODELS = ("model", "policy_model")
# Words in the name of a loss, lower case, which tells the recipe.
_LOSSES = {
    "grpo": "grpo",
    "ppo": "ppo",
    "dpo": "dpo",
    "ipo": "dpo",
    "simpo": "other",
    "rso": "other",
    "kto": "kto",
    "crossentropy": "sft",
    "cewith": "sft",
}
_RECIPES = {
    "teacher_model": "distillation",
    "kd_loss": "distillation",
    "grpo_samples": "grpo",
    "policy_model": "ppo",
}


class TorchtuneReader:
    """Reads torchtune's configs that train; those that evaluate, generate or quantise have no optimizer."""

    name = "torchtune"
    marks: tuple[bytes, ...] = (_COMPONENT.encode(),)

    def recognise(self, root: Mapping) -> bool:
        model = any(_get_component(root, key) for key in _MODELS)
        data = any(isinstance(root.get(key), Mapping | Sequence) for key in ("dataset", "datasets"))
        learns = bool(_get_component(root, "optimizer")) and (data or bool(_get_component(root, "loss")))
        # Without a checkpointer nothing is loaded: a training from nothing.
        return model and learns and _get_component(root, "checkpointer").startswith(_PACKAGE)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        root = document.root
        if not isinstance(root, Mapping):
            return ConfigFacts((), (), ())
        reading = NestedReading(self.name, root, document, context)
        reading.observe_training()
        base = reading.text("checkpoint_dir", find_section(root, "checkpointer"))
        reading.observe_model(base, NOTHING)
        reading.suppose("model.remote_code", value=False)
        _observe_method(reading)
        _observe_adapter(reading)
        reading.observe("training.seed", reading.integer("seed"), ABSENT)
        _observe_epochs(reading)
        _observe_validation(reading)
        return reading.finish(list_datasets(reading))


def _get_component(root: Mapping, key: str) -> str:
    return get_text(find_section(root, key), _COMPONENT)


def _observe_method(reading: NestedReading) -> None:
    loss = find_section(reading.root, "loss").get(_COMPONENT)
    word = _get_component(reading.root, "loss").rpartition(".")[2].lower()
    told = next((key for key in _RECIPES if isinstance(reading.root.get(key), Mapping) or _is_set(reading, key)), None)
    by_loss = next((method for name, method in _LOSSES.items() if name in word), None)
    if told:
        reading.state("training.method", _RECIPES[told], reading.root.get(told))
    elif by_loss == "sft" and has_plain_text(reading.root):
        reading.state("training.method", "continued-pretraining", reading.root.get("dataset"))
    elif by_loss:
        reading.state("training.method", by_loss, loss)


def _is_set(reading: NestedReading, key: str) -> bool:
    return bool(get_text(reading.root, key))


def _observe_adapter(reading: NestedReading) -> None:
    model = next(found for key in _MODELS if (found := find_section(reading.root, key)).entries)
    builder = get_text(model, _COMPONENT).rpartition(".")[2]
    dora, quantized = reading.boolean("use_dora", model), reading.boolean("quantize_base", model)
    if dora.is_unreadable or quantized.is_unreadable:
        return
    if not builder.startswith(("lora_", "qlora_")):
        word = "full"
    elif dora.value:
        word = "dora"
    else:
        word = "qlora" if quantized.value or builder.startswith("qlora_") else "lora"
    reading.state("training.adapter", word, dora.node if word == "dora" else model.get(_COMPONENT))


def _observe_epochs(reading: NestedReading) -> None:
    """State the epochs, unless a number of steps cuts them short; recipes have no default for them."""
    epochs = reading.number("epochs")
    cuts = [reading.integer(key) for key in ("max_steps_per_epoch", "num_steps")]
    steps = next((cut for cut in cuts if not cut.is_missing), NOTHING)
    if not epochs.is_missing:
        reading.observe_epochs(epochs, steps, 1.0)


def _observe_validation(reading: NestedReading) -> None:
    data, every = reading.root.get("dataset_val"), reading.integer("run_val_every_n_steps")
    if every.is_unreadable:
        return
    used = isinstance(data, Mapping | Sequence) and every.value is not None and every.value > 0
    reading.observe_validation(Setting(used or None, every.node if used else None), NOTHING)
