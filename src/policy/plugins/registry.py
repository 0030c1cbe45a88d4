"""The plugins in use: built-ins, and what the policy set names."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pluggy

from policy.errors import Location, PolicyError, Problem
from policy.plugins import hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from policy.plugins.contracts import Collector, PolicySource, Predicate, TrainingConfigReader


class Registry:
    """Everything that plugins contribute, in the order of registration."""

    def __init__(self, plugins: Sequence[ModuleType]) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        for plugin in plugins:
            self._manager.register(plugin)

    def load(self, names: Sequence[tuple[str, Location | None]]) -> None:
        """Import and register the named modules. Raises PolicyError for one that cannot be used."""
        problems = []
        for name, location in names:
            try:
                self._manager.register(import_module(name))
                self._manager.check_pending()
            except ModuleNotFoundError as error:
                missing = (
                    f"plugin `{name}` is not installed"
                    if error.name == name
                    else f"plugin `{name}` needs {error.name}"
                )
                problems.append(
                    Problem(missing, "install it beside the policy command, or leave it out", location)
                )
            except Exception as error:  # noqa: BLE001 - whatever a plugin does while loading, the command says it
                problems.append(
                    Problem(
                        f"plugin `{name}` cannot be loaded: {type(error).__name__}: {error}",
                        "mend the plugin",
                        location,
                    )
                )
        if problems:
            raise PolicyError(*problems)

    def policy_sources(self) -> list[PolicySource]:
        return self._gather("policy_sources")

    def collectors(self) -> list[Collector]:
        return self._gather("collectors")

    def training_config_readers(self) -> list[TrainingConfigReader]:
        return self._gather("training_config_readers")

    def predicates(self) -> list[Predicate]:
        return self._gather("predicates")

    def reporters(self) -> dict[str, Callable[[], Any]]:
        """Format name to a function that makes its reporter; the first plugin that names a format has it."""
        makers: dict[str, Callable[[], Any]] = {}
        for contributed in reversed(self._call("reporters")):
            makers = {**contributed, **makers}
        return makers

    def _gather(self, hook: str) -> list[Any]:
        # pluggy calls the plugin that was registered last first
        return [item for contributed in reversed(self._call(hook)) for item in contributed]

    def _call(self, hook: str) -> list[Any]:
        try:
            results: list[Any] = getattr(self._manager.hook, hook)()
        except Exception as error:
            raise PolicyError(
                Problem(f"a plugin's `{hook}` failed: {type(error).__name__}: {error}", "mend the plugin")
            ) from error
        return results
