"""Results as plain JSON: the name of a metric, and its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.results.result import (
    STDERR,
    Metric,
    Result,
    UnfitValueError,
    check_names,
    guess_direction,
    is_number,
    read_error,
    read_finite,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_plain(root: Mapping[str, Any], shown: str) -> Result:
    """The metrics of `{"accuracy": 0.9}`, or of `{"metrics": {"accuracy": 0.9}}`; other values are left out.

    Raises UnfitValueError where there are none.
    """
    keys = ("metrics",) if "metrics" in root else ()
    values = root["metrics"] if keys else root
    if not isinstance(values, dict):
        raise UnfitValueError("`metrics` is no mapping of names to numbers", *keys)
    metrics = read_metrics(values, *keys)
    if not metrics:
        raise UnfitValueError("there is no metric: a name with a number", *keys)
    return Result(shown, metrics)


def read_metrics(values: Mapping[str, Any], *keys: str) -> dict[str, Metric]:
    """Name to metric; `accuracy_stderr` is the standard error of `accuracy`, as lm-evaluation-harness writes it."""
    numbers = {name: read_finite(value, *keys, name) for name, value in values.items() if is_number(value)}
    check_names(numbers, *keys)
    return {
        name: Metric(value, read_error(values.get(name + STDERR), *keys, name + STDERR), guess_direction(name))
        for name, value in numbers.items()
        if not (name.endswith(STDERR) and name.removesuffix(STDERR) in numbers)
    }
