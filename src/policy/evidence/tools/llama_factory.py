"""LLaMA-Factory's training configs, both schemas: the classic one, and the one under its examples/v1.

Defaults are those of LLaMA-Factory's arguments (hparams/*_args.py): stage sft, finetuning type lora,
`model_revision` main, `trust_remote_code` false, `val_size` 0.0; and of Hugging Face's TrainingArguments, which
they extend: seed 42, 3 epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.quantization import is_quantized
from policy.evidence.tools.config_reading import ConfigReading, get_text, is_true
from policy.evidence.tools.llama_factory_datasets import DatasetIndex
from policy.evidence.tools.llama_factory_v1 import is_v1, read_v1
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from policy.plugins.contracts import ConfigContext
    from policy.source.node import Document

_METHODS = {"pt": "continued-pretraining", "sft": "sft", "rm": "reward", "ppo": "ppo", "dpo": "dpo", "kto": "kto"}
# The losses of the stage dpo that are methods of their own; the others are variants of DPO.
_LOSSES = {"orpo": "orpo", "simpo": "other"}
_ADAPTERS = ("lora", "full", "freeze", "oft")
# Other tools read `model_name_or_path` and `do_train` too, but call their data `dataset_name` or `dataset_mixer`.
_OWN_KEYS = ("stage", "finetuning_type", "template", "dataset")


class LlamaFactoryReader:
    """Reads LLaMA-Factory's training configs; configs that merge, infer, evaluate or export train nothing."""

    name = "llama-factory"
    marks: tuple[bytes, ...] = (b"model_name_or_path", b"train_dataset")

    def recognise(self, root: Mapping) -> bool:
        return _is_classic(root) or is_v1(root)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        root = document.root
        if not isinstance(root, Mapping):
            return ConfigFacts((), (), ())
        reading = ConfigReading(self.name, root, document, context)
        reading.observe_training()
        reading.observe("model.remote_code", reading.boolean("trust_remote_code"), default=False)
        reading.observe("training.seed", reading.integer("seed"), 42)
        reading.observe_epochs(reading.number("num_train_epochs"), reading.integer("max_steps"), 3.0)
        return _read_classic(reading) if _is_classic(root) else read_v1(reading)


def _is_classic(root: Mapping) -> bool:
    trains = bool(get_text(root, "model_name_or_path")) and is_true(root, "do_train")
    return trains and any(isinstance(root.get(key), Scalar | Sequence) for key in _OWN_KEYS)


def _read_classic(reading: ConfigReading) -> ConfigFacts:
    base = reading.text("model_name_or_path")
    reading.observe_model(base, reading.text("model_revision"))
    _observe_method(reading)
    _observe_adapter(reading, base.value or "")
    reading.observe_validation(reading.texts("eval_dataset"), reading.number("val_size"))
    index = DatasetIndex(reading)
    training = index.list_datasets("dataset", "train")
    return reading.finish((*training, *index.list_datasets("eval_dataset", "validation")))


def _observe_method(reading: ConfigReading) -> None:
    stage, loss = reading.text("stage"), reading.text("pref_loss")
    if stage.value == "dpo" and loss.is_unreadable:
        return
    if stage.value == "dpo" and loss.value in _LOSSES:
        reading.state("training.method", _LOSSES[loss.value], loss.node)
    elif stage.value:
        reading.state("training.method", _METHODS.get(stage.value, "other"), stage.node)
    elif stage.is_missing:
        reading.suppose("training.method", "sft")


def _observe_adapter(reading: ConfigReading, base: str) -> None:
    kind, bits, dora = reading.text("finetuning_type"), reading.integer("quantization_bit"), reading.boolean("use_dora")
    if kind.is_unreadable or bits.is_unreadable or dora.is_unreadable:
        return
    word = kind.value or "lora"
    if word == "lora" and (bits.value or is_quantized(base)):
        word = "qlora"
    elif word == "lora" and dora.value:
        word = "dora"
    elif word not in _ADAPTERS:
        word = "other"
    reading.observe("training.adapter", kind._replace(value=word), word)
