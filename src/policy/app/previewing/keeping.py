"""The values that were used last, so many of them and no more."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by key; of more than `most` those go that were used longest ago."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def take(self, key: Hashable, make: Callable[[], Any]) -> T:
        """The value of a key, which is made when it is not there; where that raises nothing is kept."""
        values = self._values
        value = values.get(key)
        if value is None:
            value = values[key] = make()
            if len(values) > self.most:
                values.popitem(last=False)
        else:
            values.move_to_end(key)
        return value
