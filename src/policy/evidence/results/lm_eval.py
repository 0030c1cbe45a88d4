"""Results files of lm-evaluation-harness, as `lm_eval --output_path` writes them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from policy.evidence.results.result import (
    STDERR,
    Metric,
    Result,
    Task,
    UnfitValueError,
    check_names,
    guess_direction,
    is_number,
    read_count,
    read_error,
    read_finite,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARKS = ("versions", "configs", "config", "n-shot", "task_hashes", "higher_is_better")
_COUNTS = ("sample_len", "sample_count", "samples")
_NO_FILTER = "none"
_MOST_STEPS = 20_000_000
# What the tool puts at the end of the names of results and samples of one evaluation.
_TIME = re.compile(r".*_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)")


def recognise(root: Mapping[str, Any]) -> bool:
    """Whether this is such a file."""
    return "results" in root and any(mark in root for mark in _MARKS)


def read_lm_eval(root: Mapping[str, Any], shown: str) -> Result:
    """The metrics of every task and group, as `task/metric`, with the filter behind where there is one.

    Raises UnfitValueError.
    """
    results = root["results"]
    if not isinstance(results, dict) or not all(isinstance(values, dict) for values in results.values()):
        raise UnfitValueError("`results` is no mapping of tasks to their metrics", "results")
    groups = _list_groups(root)
    metrics: dict[str, Metric] = {}
    samples: dict[str, tuple[str, str, str]] = {}
    for task, values in results.items():
        tasks = tuple(_describe_task(root, leaf) for leaf in _list_leaves(groups, task))
        for key, metric, chosen in _split_keys(values):
            name = f"{task}/{metric}" + ("" if chosen == _NO_FILTER else f",{chosen}")
            metrics[name] = _read_metric(root, task, key)._replace(tasks=tasks)
            if len(tasks) == 1 and "/" not in task:
                samples[name] = (_name_samples(shown, task), metric, chosen)
    check_names(metrics, "results")
    if not metrics:
        raise UnfitValueError("`results` holds no metric: a name with a number", "results")
    shots = {task.few_shot for metric in metrics.values() for task in metric.tasks}
    return Result(shown, metrics, few_shot=shots.pop() if len(shots) == 1 else None, samples=samples)


def _split_keys(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every key that holds a metric, with the metric's name and that of the filter; older files name no filter."""
    for key, value in values.items():
        metric, _, chosen = key.partition(",")
        if is_number(value) and metric not in _COUNTS and not metric.endswith(STDERR):
            yield key, metric, chosen or _NO_FILTER


def _read_metric(root: Mapping[str, Any], task: str, key: str) -> Metric:
    values = root["results"][task]
    metric, comma, chosen = key.partition(",")
    error = metric + STDERR + comma + chosen
    stated = _look_up(root, "higher_is_better", task, metric)
    return Metric(
        read_finite(values[key], "results", task, key),
        read_error(values.get(error), "results", task, error),
        stated if isinstance(stated, bool) else guess_direction(metric),
        spellings=frozenset((metric, key, f"{task}/{metric}", f"{task}/{key}")),
    )


def _describe_task(root: Mapping[str, Any], task: str) -> Task:
    version = _look_up(root, "versions", task)
    digest = _look_up(root, "task_hashes", task)
    count = _look_up(root, "n-samples", task, "effective")
    return Task(
        task,
        str(version) if isinstance(version, str) or is_number(version) else None,
        read_count(_look_up(root, "n-shot", task)),
        read_count(count),
        digest if isinstance(digest, str) and digest else None,
    )


def _list_groups(root: Mapping[str, Any]) -> dict[str, list[str]]:
    """What each group holds, tasks and other groups. Raises UnfitValueError."""
    told = root.get("group_subtasks")
    held = told.items() if isinstance(told, dict) else ()
    groups = {
        name: [item for item in inner if isinstance(item, str)] for name, inner in held if isinstance(inner, list)
    }
    # Every result may be one of a group that holds all others.
    if len(root["results"]) * sum(map(len, groups.values())) > _MOST_STEPS:
        raise UnfitValueError("`group_subtasks` holds too many tasks of tasks", "group_subtasks")
    return groups


def _list_leaves(groups: Mapping[str, list[str]], task: str) -> list[str]:
    """The tasks that a group averages, or the task itself; a group may hold groups."""
    leaves: list[str] = []
    seen = set()
    pending = [task]
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        names = groups.get(name, [])
        pending += names
        leaves += [] if names else [name]
    return sorted(leaves)


def _look_up(root: Mapping[str, Any], *keys: str) -> Any:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _name_samples(shown: str, task: str) -> str:
    """Where the samples of a task stand: beside the results, named for the task and for the time of both.

    Results without a time in their name, such as base.json, go with samples_TASK_base.jsonl.
    """
    folder, name = posixpath.split(shown)
    stem = posixpath.splitext(name)[0]
    match = _TIME.fullmatch(stem)
    return posixpath.join(folder, f"samples_{task}_{match[1] if match else stem}.jsonl")
