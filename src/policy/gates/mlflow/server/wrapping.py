"""A store or an artifact repository whose methods ask the guard first; it stays an instance of its own class."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    # Called with the store, the method as it was, and its arguments by name.
    Rule = Callable[[Any, Callable[..., Any], dict[str, Any]], Any]

# What a guarded method calls of the same store belongs to it; in there, what look-ups found that hold for the call.
_inside: ContextVar[dict[Any, Any] | None] = ContextVar("policy_guard_inside", default=None)
MARK: Final = "_policy_guarded"


def guard_object(target: Any, rules: Mapping[str, Rule], once: Iterable[str] = ()) -> Any:
    """The same object, whose methods that have a rule go through it; an object that is guarded stays as it is.

    What a rule has looked up by a method of those named in `once`, the guarded method is not made to look up again.
    """
    kind = type(target)
    if not getattr(kind, MARK, False):
        target.__class__ = _make_kind(kind, tuple(sorted(rules.items())), tuple(once))  # type: ignore[arg-type] # types are hashable
    return target


@lru_cache(maxsize=64)
def _make_kind(kind: type, rules: tuple[tuple[str, Rule], ...], once: tuple[str, ...]) -> type:
    methods = {name: _wrap(getattr(kind, name), rule) for name, rule in rules if hasattr(kind, name)}
    methods |= {name: _look_up_once(getattr(kind, name)) for name in once if hasattr(kind, name)}
    return type(kind.__name__, (kind,), {**methods, MARK: True, "__module__": kind.__module__})


def _wrap(method: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    signature = inspect.signature(method)

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _inside.get() is not None:
            return method(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        arguments.pop(next(iter(signature.parameters)))
        token = _inside.set({})
        try:
            return rule(self, method, arguments)
        finally:
            _inside.reset(token)

    if not inspect.iscoroutinefunction(method):
        return guarded

    @wraps(method)
    async def waiting(self: Any, *args: Any, **kwargs: Any) -> Any:
        # To ask takes a look into databases, for which the event loop does not stand still.
        return await (await asyncio.to_thread(guarded, self, *args, **kwargs))

    return waiting


@contextmanager
def within() -> Iterator[None]:
    """What is called in here belongs to a guarded method that goes on elsewhere."""
    token = _inside.set({})
    try:
        yield
    finally:
        _inside.reset(token)


def _look_up_once(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def looked_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        known, key = _inside.get(), (id(self), method.__name__, args, tuple(kwargs.items()))
        if known is None:
            return method(self, *args, **kwargs)
        if key not in known:
            known[key] = method(self, *args, **kwargs)
        return known[key]

    return looked_up


def call(store: Any, method: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """The method as it was, with arguments by name."""
    return method(store, **arguments)
