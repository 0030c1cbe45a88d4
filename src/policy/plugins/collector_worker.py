"""The far side of the collectors of plugins: one process in which all of them are called, subject after subject."""

from __future__ import annotations

import pickle
from importlib import import_module
from typing import TYPE_CHECKING, Any

from policy.plugins.collector_process import BROKEN, EVIDENCE, RAISED
from policy.plugins.contracts import Evidence
from policy.plugins.faults import describe_fault
from policy.plugins.registry import Registry
from policy.plugins.worker import limit_memory, receive, reply

if TYPE_CHECKING:
    from typing import BinaryIO

    from policy.plugins.contracts import Collector


def answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer each `(number, project)` with what the collector of that number observes, or what broke."""
    plugins, mebibytes = pickle.load(questions)  # noqa: S301 - from our own process
    limit_memory(mebibytes)
    collectors: list[Collector] = []
    for number, project in receive(questions):
        try:
            collectors = collectors or load_collectors(plugins)
            said = write_evidence(collectors[number].collect(project))
        except BaseException as error:  # noqa: BLE001 - whatever the plugin raises is said on the other side
            # What wants to end the process, or had no memory left, leaves behind what nobody should go on with.
            kind = RAISED if isinstance(error, Exception) and not isinstance(error, MemoryError) else BROKEN
            said = pickle.dumps((kind, describe_fault(error)))
        reply(answers, said)


def load_collectors(plugins: tuple[str, ...]) -> list[Collector]:
    """The collectors of these modules, in the order that the other side knows them in."""
    return Registry([import_module(name) for name in plugins]).collectors()


def write_evidence(found: Any) -> bytes:
    """What a collector returned, as the other side reads it."""
    evidence = Evidence(*found)
    evidence = evidence._replace(unavailable=dict(evidence.unavailable))
    return pickle.dumps((EVIDENCE, tuple(evidence)))
