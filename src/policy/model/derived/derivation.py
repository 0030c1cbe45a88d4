"""What a derived fact is: a path, the paths that it follows from, and one small pure function of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Told(NamedTuple):
    """A value, what it rests on, where that is not all of the inputs, and what it takes for granted."""

    value: Any
    behind: tuple[str, ...]
    assumed: tuple[str, ...] = ()


class Derivation(NamedTuple):
    """A derived fact. `data.sources[].license` is that field of every record in the list, as Members; None is unknown.

    `compute` is called with the inputs' values once all but the `optional` ones are known, and returns None where
    nothing follows, or a Told. Where it reads dated `tables`, its first argument is the Lookup. The result is trusted
    as the weakest input, or as an estimate where it is an `estimate`.
    """

    path: str
    inputs: tuple[str, ...]
    compute: Callable[..., Any]
    tables: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    estimate: bool = False
