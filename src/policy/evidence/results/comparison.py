"""Two results held against each other: whether they can be, the gain, and how much of it is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.results.intervals import resample_pairs, subtract_errors
from policy.evidence.results.samples import are_same, pair_values, read_samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from policy.errors import Problem
    from policy.evidence.results.choice import Scored
    from policy.evidence.results.result import Task
    from policy.evidence.results.samples import Sample

Verdict = tuple[bool | None, str]
"""Whether two results can be compared, None where that cannot be told; and why."""


class Comparer:
    """Compares results under one root; samples are read once, and only where they are needed."""

    def __init__(self, root: str, problems: list[Problem]) -> None:
        self._root = root
        self._problems = problems
        self._samples: dict[tuple[str, str], Mapping[Any, Sample] | None] = {}

    def compare(self, one: Scored, other: Scored) -> Verdict:
        """Whether both are of the same tasks, versions and numbers of shots, and of the same questions.

        The task hash of lm-evaluation-harness covers the prompts, too, so it differs wherever another prompt was
        tried. Samples beside the results then tell whether questions and right answers were the same.
        """
        mine, theirs = one.metric.tasks, other.metric.tasks
        if not mine or not theirs:
            return None, "the results do not say on what they were measured"
        exact = all(task.exact for task in (*mine, *theirs))
        if [task.name for task in mine] != [task.name for task in theirs]:
            return (False if exact else None), "they were measured on different tasks"
        pairs = list(zip(mine, theirs, strict=True))
        for task, against in pairs:
            if reason := _find_difference(task, against):
                return False, reason
        if not exact:
            return None, "what the tracking server says of the data does not prove that it is the same"
        if any(task.version is None or task.few_shot is None for task in (*mine, *theirs)):
            return None, "the results do not give the version and the number of shots"
        return self._compare_questions(one, other, pairs)

    def _compare_questions(self, one: Scored, other: Scored, pairs: list[tuple[Task, Task]]) -> Verdict:
        if all(task.digest is not None and task.digest == against.digest for task, against in pairs):
            return True, ""
        mine, theirs = self._read(one), self._read(other)
        if mine is not None and theirs is not None:
            return (True, "") if are_same(mine, theirs) else (False, "the samples are of different questions")
        for task, against in pairs:
            if task.digest and against.digest and task.digest != against.digest:
                return False, f"the hashes of `{task.name}` differ, and samples of both to look into are missing"
        return None, "there are no task hashes: evaluate with --log_samples"

    def find_gain(self, tuned: Scored, baseline: Scored) -> float:
        """How much better the tuned model is, more being better whatever the metric."""
        gain = tuned.metric.value - baseline.metric.value
        return gain if tuned.metric.higher_is_better else -gain

    def find_certain_gain(self, tuned: Scored, baseline: Scored) -> float | None:
        """The lower end of the gain's 95 % interval: by pairs of samples, else by standard errors, else None."""
        mine, theirs = self._read(tuned), self._read(baseline)
        if mine is not None and theirs is not None:
            values = tuned.metric.value, baseline.metric.value
            sign = 1.0 if tuned.metric.higher_is_better else -1.0
            differences = pair_values(mine, theirs, *values)
            low = resample_pairs([sign * difference for difference in differences]) if differences else None
            if low is not None:
                return low
        if tuned.metric.error is None or baseline.metric.error is None:
            return None
        return subtract_errors(self.find_gain(tuned, baseline), tuned.metric.error, baseline.metric.error)

    def _read(self, scored: Scored) -> Mapping[Any, Sample] | None:
        key = scored.result.shown, scored.name
        if key not in self._samples:
            self._samples[key] = read_samples(self._root, scored.result, scored.name, self._problems)
        return self._samples[key]


def _find_difference(task: Task, against: Task) -> str:
    """What differs for certain between two measurements of a task; empty where nothing does."""
    for what, mine, theirs in (
        ("the versions", task.version, against.version),
        ("the numbers of shots", task.few_shot, against.few_shot),
        ("the numbers of samples", task.samples, against.samples),
    ):
        if mine is not None and theirs is not None and mine != theirs:
            return f"{what} of `{task.name}` differ: {mine} and {theirs}"
    if not (task.exact and against.exact) and task.digest and against.digest and task.digest != against.digest:
        return f"the digests of the data `{task.name}` differ"
    return ""
