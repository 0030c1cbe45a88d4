"""The readers and collectors that ship with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.late_collectors import list_late_collectors
from policy.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from policy.plugins.contracts import Collector, TrainingCall, TrainingConfigReader


@hookimpl
def training_config_readers() -> list[TrainingConfigReader]:
    """One reader a tool; imported where there is a file that may be a training config."""
    from policy.evidence.tools.axolotl import AxolotlReader
    from policy.evidence.tools.late_readers import list_late_readers
    from policy.evidence.tools.llama_factory import LlamaFactoryReader

    return [AxolotlReader(), LlamaFactoryReader(), *list_late_readers()]


@hookimpl
def training_calls() -> list[TrainingCall]:
    """What starts a fine-tuning in Python; imported where there is Python."""
    from policy.evidence.source.known_calls import CALLS

    return [*CALLS]


@hookimpl
def collectors() -> list[Collector]:
    """What observes facts beside the training config."""
    return [*list_late_collectors()]
