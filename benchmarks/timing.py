"""Timing side by side: all candidates take turns, so that a slow moment of the machine meets them all."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Times(NamedTuple):
    """The seconds that each run took."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)

    def scaled(self, factor: float) -> Times:
        """The times of one of several equal parts of a run, or in another unit."""
        return Times(tuple(value * factor for value in self.seconds))


def time_interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """The times of each candidate over the rounds; a first round warms up and is not counted.

    Every round starts with another candidate, for what ran before has an influence on what runs next.
    """
    names = list(candidates)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = perf_counter()
            candidates[name]()
            elapsed = perf_counter() - start
            if number:
                seconds[name].append(elapsed)
    return {name: Times(tuple(values)) for name, values in seconds.items()}
