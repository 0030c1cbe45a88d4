"""TRL's configs: the arguments of its scripts and of its command line, `trl sft --config`.

Defaults are those of TRL's ModelConfig and ScriptArguments (`model_revision` main, `trust_remote_code` false, no
`use_peft`) and of Hugging Face's TrainingArguments, which its trainers extend: seed 42, 3 epochs, no evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.quantization import is_quantized
from policy.evidence.tools.config_reading import get_text, is_true
from policy.evidence.tools.nested_configs import NestedReading
from policy.evidence.tools.trl_datasets import has_datasets, is_mixture, list_datasets
from policy.evidence.tools.trl_methods import METHOD_KEYS, observe_method
from policy.evidence.values import read_boolean
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Mapping

if TYPE_CHECKING:
    from policy.evidence.tools.config_reading import ConfigReading
    from policy.plugins.contracts import ConfigContext
    from policy.source.node import Document

# Configs of scripts that measure or infer name a model and a dataset, too, but never how to train.
_TRAINING_KEYS = (
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "lr_scheduler_type",
    "optim",
    "warmup_ratio",
)
# What only TRL's scripts read. Those of transformers have the other keys too, and need `do_train` to train.
_OWN_KEYS = (
    "use_peft",
    "load_in_4bit",
    "load_in_8bit",
    "lora_r",
    "dataset_config",
    "dataset_train_split",
    "dataset_test_split",
    "dataset_num_proc",
    "dataset_streaming",
    "max_length",
    "max_prompt_length",
    "max_completion_length",
    "beta",
    "loss_type",
)
# Keys of other tools that read `model_name_or_path`: LLaMA-Factory, Axolotl, the scripts of transformers.
_FOREIGN_KEYS = ("stage", "finetuning_type", "template", "base_model", "dataset_config_name", "task_name", "train_file")
# The alignment handbook's scripts are TRL's with a chat template of their own and, at other times, mixtures.
_HANDBOOK_KEYS = ("dataset_mixer", "dataset_mixture", "chat_template")
# Open-R1's scripts took these keys over from the handbook.
_OFFSHOOT_KEYS = ("reward_funcs", "system_prompt", "benchmarks")


class TrlReader:
    """Reads the configs of TRL's scripts: a model, a dataset and a trainer's arguments."""

    name = "trl"
    marks: tuple[bytes, ...] = (b"model_name_or_path",)

    def recognise(self, root: Mapping) -> bool:
        return is_trl(root) and not is_handbook(root)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        return read_trl(self.name, document, context)


def is_trl(root: Mapping) -> bool:
    """Whether these are arguments with which a script on TRL trains a model, the alignment handbook's among them."""
    if not get_text(root, "model_name_or_path") or not has_datasets(root):
        return False
    if any(root.get(key) is not None for key in _FOREIGN_KEYS) or read_boolean(get_text(root, "do_train")) is False:
        return False
    if not any(get_text(root, key) for key in _TRAINING_KEYS):
        return False
    return not is_true(root, "do_train") or any(root.get(key) is not None for key in (*_OWN_KEYS, *METHOD_KEYS))


def is_handbook(root: Mapping) -> bool:
    """Whether a config of TRL's arguments is one of the alignment handbook's."""
    offshoot = any(root.get(key) is not None for key in _OFFSHOOT_KEYS)
    return is_mixture(root) or (not offshoot and any(get_text(root, key) for key in _HANDBOOK_KEYS))


def read_trl(tool: str, document: Document, context: ConfigContext, method: str = "") -> ConfigFacts:
    """What the arguments tell; `method` is that of the command they are for, where it is known."""
    root = document.root
    if not isinstance(root, Mapping):
        return ConfigFacts((), (), ())
    reading = NestedReading(tool, root, document, context)
    reading.observe_training()
    base = reading.text("model_name_or_path")
    reading.observe_model(base, reading.text("model_revision"))
    reading.observe("model.remote_code", reading.boolean("trust_remote_code"), default=False)
    if method:
        reading.state("training.method", method)
    else:
        observe_method(reading)
    _observe_adapter(reading, base.value or "")
    reading.observe("training.seed", reading.integer("seed"), 42)
    reading.observe_epochs(reading.number("num_train_epochs"), reading.integer("max_steps"), 3.0)
    _observe_validation(reading)
    return reading.finish(list_datasets(reading))


def _observe_adapter(reading: ConfigReading, base: str) -> None:
    peft, dora = reading.boolean("use_peft"), reading.boolean("use_dora")
    bits = [reading.boolean(key) for key in ("load_in_4bit", "load_in_8bit")]
    if any(setting.is_unreadable for setting in (peft, dora, *bits)):
        return
    if not peft.value:
        reading.observe("training.adapter", peft._replace(value="full"), "full")
    elif is_quantized(base) or any(setting.value for setting in bits):
        reading.state("training.adapter", "qlora", peft.node)
    else:
        reading.state("training.adapter", "dora" if dora.value else "lora", peft.node)


def _observe_validation(reading: ConfigReading) -> None:
    """State whether the trainer evaluates: TRL's scripts leave the split for it aside where it does not."""
    strategies = [reading.text(key) for key in ("eval_strategy", "evaluation_strategy")]
    evaluates = reading.boolean("do_eval")
    if any(setting.is_unreadable for setting in (*strategies, evaluates)):
        return
    # Unquoted, `no` is false.
    on = next((one for one in strategies if one.value and read_boolean(one.value) is not False), None)
    if on is not None:
        reading.state("training.validation", value=True, node=on.node)
    elif evaluates.value is not None:
        reading.state("training.validation", evaluates.value, evaluates.node)
    else:
        off = next((one for one in strategies if one.value), strategies[0])
        reading.observe("training.validation", off._replace(value=False), default=False)
