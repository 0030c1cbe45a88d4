"""Recipes of SageMaker HyperPod: a `run`, and below it the settings of one of several trainers.

The recipes state what matters and have no documented defaults for the rest, which stays unknown. None can pin a
revision of the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.config_reading import get_text
from policy.evidence.tools.hyperpod_llmft import is_llmft, is_nemo, read_llmft, read_nemo
from policy.evidence.tools.hyperpod_nova import is_nova, read_nova
from policy.evidence.tools.hyperpod_verl import is_mtrl, is_verl, read_mtrl, read_verl
from policy.evidence.tools.nested_configs import NestedReading, find_section
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.plugins.contracts import ConfigContext, DatasetReference
    from policy.source.node import Document

_FLAVOURS: tuple[tuple[Callable[[Mapping], bool], Callable[[NestedReading], list[DatasetReference]]], ...] = (
    (is_nova, read_nova),
    (is_llmft, read_llmft),
    (is_verl, read_verl),
    (is_mtrl, read_mtrl),
    (is_nemo, read_nemo),
)


class HyperPodReader:
    """Reads HyperPod's recipes that tune a model; those that evaluate one, or train one from nothing, do not."""

    name = "hyperpod"
    marks: tuple[bytes, ...] = (b"training_config", b"ppo_actor_train", b"mtrl", b"do_finetune", b"peft_scheme")

    def recognise(self, root: Mapping) -> bool:
        run = find_section(root, "run")
        if not get_text(run, "model_type") or root.get("evaluation") is not None:
            return False
        return any(is_flavour(root) for is_flavour, _ in _FLAVOURS)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        root = document.root
        if not isinstance(root, Mapping):
            return ConfigFacts((), (), ())
        reading = NestedReading(self.name, root, document, context)
        reading.observe_training()
        datasets = next((read(reading) for is_flavour, read in _FLAVOURS if is_flavour(root)), [])
        return reading.finish(datasets)
