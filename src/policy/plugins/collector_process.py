"""The collectors of plugins, called in one process of their own: what one of them breaks there is only broken there."""

from __future__ import annotations

import pickle
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from policy.plugins.contracts import Evidence
from policy.plugins.faults import ToldFaultError, describe_fault
from policy.plugins.metering import SpentError, find_meter
from policy.plugins.worker import NoAnswerError, Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.plugins.contracts import Collector, Project

# Libraries for data reserve much more memory than they use.
MEBIBYTES: Final = 8192
EVIDENCE, RAISED, BROKEN = "evidence", "raised", "broken"
# What evidence is made of.
_TAKEN = frozenset(
    {
        "policy.model.fact.Fact",
        "policy.model.fact.Members",
        "policy.model.fact.ABSENT",
        "policy.model.money.Money",
        "policy.errors.Problem",
        "policy.errors.Location",
        "datetime.date",
    }
)


class PluginCollector:
    """A collector of a plugin, by its number among all of them; the process is started with the first subject."""

    def __init__(self, collector: Collector, number: int, worker: Worker) -> None:
        self.name = collector.name
        self.observes = collector.observes
        self._number = number
        self._worker = worker

    def collect(self, project: Project) -> Evidence:
        """What it observes. Raises ToldFaultError, and SpentError where it takes too long."""
        kind, told = self._ask(project)
        if kind == BROKEN:
            self._worker.close()
        if kind != EVIDENCE:
            raise ToldFaultError(told)
        return Evidence(*told)

    def _ask(self, project: Project) -> Any:
        from threading import TIMEOUT_MAX

        seconds = find_meter().limit_seconds(TIMEOUT_MAX)
        try:
            return read_told(self._worker.ask((self._number, project), seconds))
        except OSError as error:
            raise ToldFaultError(f"its process cannot be started: {error.strerror}") from None
        except NoAnswerError as error:
            if error.expired:
                raise SpentError from None
            by = f" (signal {-error.code})" if error.code < 0 else ""
            raise ToldFaultError(f"its process {error}{by}") from None


def hand_over(collectors: Iterable[Collector], plugins: Sequence[str]) -> list[PluginCollector]:
    """The collectors of these modules, as they are called in a process that all of them share."""
    worker = Worker("policy.plugins.collector_worker:answer", (tuple(plugins), MEBIBYTES))
    return [PluginCollector(collector, number, worker) for number, collector in enumerate(collectors)]


class _ToldReader(pickle.Unpickler):
    """Takes what evidence is made of and nothing else: a class of a plugin would bring its code back."""

    def find_class(self, module: str, name: str) -> Any:
        # Word for word: through a module of ours, a dotted name reaches everything that it imports.
        if f"{module}.{name}" in _TAKEN and "." not in name:
            return super().find_class(module, name)
        raise ToldFaultError(f"its evidence holds a {module}.{name}")


def read_told(said: bytes) -> Any:
    """What the process told: of which kind it is, and the evidence or what broke. Raises ToldFaultError."""
    try:
        return _ToldReader(BytesIO(said)).load()
    except ToldFaultError:
        raise
    except Exception as error:  # noqa: BLE001 - a pickle can break in any way
        raise ToldFaultError(f"its evidence cannot be read: {describe_fault(error)}") from None
