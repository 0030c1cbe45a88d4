"""What one evaluation measured: its metrics, how sure each is, and on what it was measured."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_METRICS = 2000
LONGEST_NAME = 200
STDERR = "_stderr"
# Of what no file says whether more is better, this is the measure of a fault or of an effort; all else is a merit.
_FAULTS = frozenset(
    (
        "bpb",
        "brier",
        "cer",
        "cost",
        "ece",
        "error",
        "errors",
        "fpr",
        "fnr",
        "hallucination",
        "hallucinations",
        "latency",
        "loss",
        "mae",
        "mape",
        "mse",
        "perplexity",
        "ppl",
        "rmse",
        "ter",
        "toxicity",
        "wer",
    )
)
_SEPARATORS = str.maketrans("/-. ,:", "______")


class UnfitValueError(Exception):
    """A value of a results file is not what it should be; `keys` lead to it from the top."""

    def __init__(self, message: str, *keys: str) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys


class Task(NamedTuple):
    """What a metric was measured on. `digest` is that of what was asked; where `exact`, equal ones prove the same.

    None is what is not told.
    """

    name: str
    version: str | None = None
    few_shot: int | None = None
    samples: int | None = None
    digest: str | None = None
    exact: bool = True


class Metric(NamedTuple):
    """A value, its standard error where it is known, and the tasks behind it. `spellings` are other names for it."""

    value: float
    error: float | None
    higher_is_better: bool
    tasks: tuple[Task, ...] = ()
    spellings: frozenset[str] = frozenset()


class Result(NamedTuple):
    """One results file or run: metrics by name; `shown` is its name in messages, `digest` the SHA-256 of a file.

    `samples` gives, for the name of a metric, the path of the file with its values example by example, relative to
    the root, then the metric's and the filter's name in it.
    """

    shown: str
    metrics: Mapping[str, Metric]
    digest: str = ""
    few_shot: int | None = None
    samples: Mapping[str, tuple[str, str, str]] = {}

    def find(self, name: str) -> str | None:
        """The name that the metric goes by here; None where there is none, or several, of that spelling."""
        if name in self.metrics:
            return name
        found = [known for known, metric in self.metrics.items() if name in metric.spellings]
        return found[0] if len(found) == 1 else None


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_finite(value: Any, *keys: str) -> float:
    """The number, which must be finite; raises UnfitValueError."""
    if not isfinite(value):
        raise UnfitValueError(f"{_show_key(keys)} is too large for a number", *keys)
    return float(value)


def _show_key(keys: tuple[str, ...]) -> str:
    """The last key, also where it is no readable text."""
    key = keys[-1]
    return f"`{key}`" if _is_readable(key) else f"{key[:40]!a}"


def _is_readable(name: str) -> bool:
    return bool(name) and len(name) <= LONGEST_NAME and name.isprintable()


def read_error(value: Any, *keys: str) -> float | None:
    """A standard error; None where the file gives none, such as `N/A`. Raises UnfitValueError for one below 0."""
    if not is_number(value):
        return None
    if value < 0:
        raise UnfitValueError(f"{_show_key(keys)} is below 0, and a standard error is not", *keys)
    return read_finite(value, *keys)


def read_count(value: Any) -> int | None:
    """A whole number from 0 up; None for anything else."""
    return int(value) if is_number(value) and 0 <= value <= 2**53 and value == int(value) else None


def check_names(names: Iterable[str], *keys: str) -> None:
    """Raise UnfitValueError where a metric's name is no readable text, or where there are too many."""
    count = 0
    for count, name in enumerate(names, 1):  # noqa: B007 - the count after the last is what is wanted
        if not _is_readable(name):
            raise UnfitValueError(f"a metric's name is not one line of readable text: {name[:40]!a}", *keys)
    if count > MOST_METRICS:
        raise UnfitValueError(f"there are more than {MOST_METRICS:,} metrics", *keys)


def guess_direction(name: str) -> bool:
    """Whether more of it is better, told by its name: not so for losses, errors, times and costs."""
    whole = name.casefold().translate(_SEPARATORS)
    return not (_FAULTS & {whole, *whole.split("_")})
