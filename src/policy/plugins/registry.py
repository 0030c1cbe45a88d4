"""The plugins in use: built-ins, and what the policy set names."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pluggy

from policy.errors import Location, PolicyError, Problem
from policy.model.fields import SCHEMA
from policy.plugins import hookspecs
from policy.plugins.faults import BREAKING, describe_fault
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from policy.plugins.contracts import Collector, PolicySource, Predicate, TrainingCall, TrainingConfigReader

MEND = "mend the plugin, or leave it out"
# What is looked for in a contribution before anything works with it.
PARTS = {
    "policy_sources": ("name", "folder"),
    "collectors": ("name", "observes", "collect"),
    "training_config_readers": ("name", "marks", "recognise", "read"),
    "training_calls": ("name", "tool", "method", "pretrained", "beside"),
    "predicates": ("field", "function", "timeout"),
}

# Compiled where a call is looked at: few runs look at any.
CALL_NAME = r"[\w*]+(\(\))?(\.[\w*]+(\(\))?)+|\$( [\w*.-]+){2,}"
# What source is searched for must not be in every file; of a command two words must be there.
CALL_WORD = r"\w{4}|\$ .*\w{3}.*\w{3}"


class Contribution(NamedTuple):
    """What one plugin returned from a hook."""

    plugin: str
    value: Any


class Registry:
    """Everything that plugins contribute, in the order of registration; asked for once."""

    def __init__(self, plugins: Sequence[ModuleType]) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._gathered: dict[str, list[Any]] = {}
        for plugin in plugins:
            self._manager.register(plugin)
        self._builtin = frozenset(plugin.__name__ for plugin in plugins)

    def load(self, names: Sequence[tuple[str, Location | None]]) -> None:
        """Import and register the named modules. Raises PolicyError for those that cannot be used."""
        self._gathered.clear()
        problems = [problem for name, location in names if (problem := self._load_one(name, location))]
        if problems:
            raise PolicyError(*problems)

    def _load_one(self, name: str, location: Location | None) -> Problem | None:
        try:
            module = import_module(name)
            if not self._manager.is_registered(module):
                self._manager.register(module)
        except ModuleNotFoundError as error:
            return _describe_missing(name, error.name, location)
        except BREAKING as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            return Problem(f"plugin `{name}` cannot be loaded: {said}", MEND, location)
        callers = self._manager.get_hookcallers(module) or []
        unknown = [caller.name for caller in callers if not caller.has_spec()]
        if unknown:
            remedy = f"the hooks are {', '.join((*PARTS, 'reporters'))}"
            return Problem(f"plugin `{name}` implements `{unknown[0]}`, which is no hook", remedy, location)
        if not callers:
            remedy = "name a module whose functions are marked with `policy.hookimpl`"
            return Problem(f"plugin `{name}` implements no hook", remedy, location)
        return None

    def policy_sources(self) -> list[PolicySource]:
        sources: list[PolicySource] = self._gather("policy_sources")
        names = [source.name for source in sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"two plugins contribute policies under the name `{twice[0]}`"
            raise PolicyError(Problem(message, "leave one of them out"))
        return sources

    def collectors(self) -> list[Collector]:
        """Built-in ones, then those of plugins, which are called in a process of their own."""
        if "collectors" not in self._gathered:
            self._gathered["collectors"] = [*self._list_collectors()]
        return self._gathered["collectors"]

    def _list_collectors(self) -> Iterator[Collector]:
        others: list[Collector] = []
        for found in self._call("collectors"):
            items = _check_items("collectors", found)
            if found.plugin in self._builtin:
                yield from items
            else:
                others += items
        if others:
            from policy.plugins.collector_process import hand_over  # most policy sets name no plugin

            named = [name for name, _ in self._manager.list_name_plugin() if name not in self._builtin]
            yield from hand_over(others, named)

    def training_config_readers(self) -> list[TrainingConfigReader]:
        return self._gather("training_config_readers")

    def training_calls(self) -> list[TrainingCall]:
        if "training_calls" not in self._gathered:
            for call in self._gather("training_calls"):
                _refuse_vague(call)
        return self._gather("training_calls")

    def predicates(self) -> list[Predicate]:
        predicates: list[Predicate] = self._gather("predicates")
        for predicate in predicates:
            _refuse_unfit(predicate)
        return predicates

    def reporters(self) -> dict[str, Callable[[], Any]]:
        """Format name to a function that makes its reporter; the first plugin that names a format has it."""
        makers: dict[str, Callable[[], Any]] = {}
        for plugin, contributed in self._call("reporters"):
            if not isinstance(contributed, dict) or not all(map(callable, contributed.values())):
                raise PolicyError(Problem(f"plugin `{plugin}`: `reporters` gives no mapping of functions", MEND))
            makers = {**contributed, **makers}
        return makers

    def _gather(self, hook: str) -> list[Any]:
        if hook not in self._gathered:
            self._gathered[hook] = [item for found in self._call(hook) for item in _check_items(hook, found)]
        return self._gathered[hook]

    def _call(self, hook: str) -> Iterator[Contribution]:
        # One by one and not through pluggy's own call: what breaks must be said with the name of its plugin.
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                value = implementation.function()
            except BREAKING as error:
                raise PolicyError(
                    Problem(f"plugin `{name}`: `{hook}` failed: {describe_fault(error)}", MEND)
                ) from error
            if value is not None:
                yield Contribution(name, value)


def _describe_missing(name: str, missing: str | None, location: Location | None) -> Problem:
    itself = missing is None or name == missing or name.startswith(f"{missing}.")
    message = f"plugin `{name}` is not installed" if itself else f"plugin `{name}` needs {missing}"
    return Problem(message, "install it beside the policy command, or leave it out", location)


def _check_items(hook: str, found: Contribution) -> Sequence[Any]:
    items: Any = found.value
    if not isinstance(items, list | tuple):
        raise PolicyError(Problem(f"plugin `{found.plugin}`: `{hook}` gives a {type(items).__name__}, no list", MEND))
    for item in items:
        lacking = next((part for part in PARTS[hook] if not hasattr(item, part)), None)
        if lacking is not None:
            message = f"plugin `{found.plugin}`: `{hook}` gives a {type(item).__name__} without `{lacking}`"
            raise PolicyError(Problem(message, MEND))
    return items


def _refuse_vague(call: TrainingCall) -> None:
    """Raises PolicyError for a call that could be any, or that tells what is no fact."""
    texts: tuple[Any, ...] = (call.name, call.tool, call.method, call.beside)
    fit = all(isinstance(text, str) for text in texts) and all(
        re.fullmatch(CALL_NAME, text) for text in filter(None, texts[::3])
    )
    if not fit or not re.search(CALL_WORD, call.name):
        message = f"the training call `{call.name}` has no name that source could be searched for"
        raise PolicyError(Problem(message, "name it as it is imported, such as `acme_train.finetune`"))
    for path, value in (("training.tool", call.tool), ("training.method", call.method)):
        kind = SCHEMA.fields[path].kind
        if value and value not in getattr(kind, "choices", ()):
            message = f"the training call `{call.name}` tells `{path}` as `{value}`"
            raise PolicyError(Problem(message, f"it is {kind.describe()}"))


def _refuse_unfit(predicate: Predicate) -> None:
    """Raises PolicyError for a predicate that another process could not call."""
    function: Any = predicate.function
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for part in getattr(function, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    path = getattr(predicate.field, "path", predicate.field)
    seconds: Any = predicate.timeout
    if found is not function:
        message = f"the predicate `{path}` is a function that cannot be imported by name"
        raise PolicyError(Problem(message, "define it with `def`, at the top of a module"))
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise PolicyError(Problem(f"the predicate `{path}` has no time to answer", "give it a timeout in seconds"))
