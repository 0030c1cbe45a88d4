"""What was found out lately: the last of it is remembered, so that memory does not grow with a process's life."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Key = TypeVar("Key", bound="Hashable")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values by what they are about, those that were last asked for; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[Key, Value] = OrderedDict()
        self._making: dict[Key, Future[Value | None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: Key) -> Value | None:
        """The value of something; None where there is none, or nobody has asked for it for long."""
        with self._lock:
            return self._find(key)

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value, and forget the one that was not asked for longest."""
        with self._lock:
            self._known[key] = value
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def find_or_make(self, key: Key, make: Callable[[], Value | None]) -> Value | None:
        """The value of something, made where there is none: of several threads at once one makes it for all.

        What cannot be made, or is None, is tried again by the next who asks; those who waited get what came of it.
        """
        with self._lock:
            known = self._find(key)
            if known is not None:
                return known
            making = self._making.get(key)
            if making is None:
                mine: Future[Value | None] = Future()
                self._making[key] = mine
        if making is not None:
            return making.result()
        try:
            made = make()
            if made is not None:
                self.keep(key, made)
            mine.set_result(made)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[key]
        return made

    def _find(self, key: Key) -> Value | None:
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)
