"""Readers that are imported when a file holds one of their marks, which most repositories never do.

Their names and marks stand here a second time; a test holds them to those of the readers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.plugins.contracts import ConfigContext, ConfigFacts
    from policy.source.node import Document, Mapping


class LateReader:
    """Stands for the reader `class_name` of a module until it is needed."""

    def __init__(self, name: str, marks: tuple[bytes, ...], module: str, class_name: str) -> None:
        self.name = name
        self.marks = marks
        self.module = module
        self.class_name = class_name
        self._reader: Any = None

    def recognise(self, root: Mapping) -> bool:
        found: bool = self.load().recognise(root)
        return found

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        told: ConfigFacts = self.load().read(document, context)
        return told

    def load(self) -> Any:
        """The reader itself."""
        if self._reader is None:
            self._reader = getattr(import_module(f"policy.evidence.tools.{self.module}"), self.class_name)()
        return self._reader


def list_late_readers() -> list[LateReader]:
    """In the order in which they are asked, which no file depends on: each knows its own only."""
    arguments, recipes = (b"model_name_or_path",), (b"training_config", b"ppo_actor_train", b"mtrl")
    return [
        LateReader("torchtune", (b"_component_",), "torchtune", "TorchtuneReader"),
        LateReader("alignment-handbook", arguments, "alignment_handbook", "AlignmentHandbookReader"),
        LateReader("trl", arguments, "trl", "TrlReader"),
        LateReader("hyperpod", (*recipes, b"do_finetune", b"peft_scheme"), "hyperpod", "HyperPodReader"),
        LateReader(
            "pipeline", (b"--model_name_or_path", b"_single_device", b"_distributed"), "pipelines", "PipelineReader"
        ),
    ]
