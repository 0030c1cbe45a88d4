"""Results example by example, as `lm_eval --log_samples` writes them beside the results."""

from __future__ import annotations

from math import fsum, isclose, isfinite
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.json_text import LONGEST_VALUE, BrokenTextError, read_line_value
from policy.evidence.paths import UnreadablePathError, confine
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evidence.results.result import Result

LARGEST_FILE = 64 * 1024 * 1024


class Sample(NamedTuple):
    """One example: hashes of the question and of its right answer, and the metric's value on it, None without one."""

    question: str
    answer: str
    value: float | None


def read_samples(root: str, result: Result, name: str, problems: list[Problem]) -> dict[Any, Sample] | None:
    """The examples behind a metric, by their ids; None where there are none that can be used.

    Nobody names these files: one that is broken, or longer than 64 MiB, is left alone with a warning.
    """
    if name not in result.samples:
        return None
    path, metric, chosen = result.samples[name]
    try:
        real = confine(root, path)
    except UnreadablePathError as fault:
        if fault.refused:
            problems.append(fault.problem._replace(level="warning"))
        return None
    try:
        return _read_file(real, metric, chosen)
    except BrokenTextError as fault:
        place = Location(path, fault.line, fault.column)
        remedy = "write it again with --log_samples, or remove it"
        problems.append(Problem(f"these samples are not used: {fault.message}", remedy, place, level="warning"))
    except OSError as fault:
        message = f"`{path}` cannot be read: {fault.strerror}"
        problems.append(Problem(message, "check the file", level="warning"))
    return None


def _read_file(real: str, metric: str, chosen: str) -> dict[Any, Sample] | None:
    found: dict[Any, Sample] = {}
    read = number = 0
    with ByteStream(real) as stream:
        while line := stream.read_line(LONGEST_VALUE + 1):
            number += 1
            read += len(line)
            if len(line) > LONGEST_VALUE or read > LARGEST_FILE:
                raise BrokenTextError("there is too much to read", number, 1)
            if not line.strip():
                continue
            row = read_line_value(line, number)
            if not isinstance(row, dict):
                raise BrokenTextError("the line is no JSON object", number, 1)
            if row.get("filter", chosen) != chosen:
                continue
            number_of, sample = row.get("doc_id"), _read_row(row, metric)
            if not isinstance(number_of, int | float | str) or number_of in found or sample is None:
                raise BrokenTextError("the line is no sample with a `doc_id` of its own", number, 1)
            found[number_of] = sample
    return found or None


def _read_row(row: Mapping[str, Any], metric: str) -> Sample | None:
    question, answer, value = row.get("doc_hash"), row.get("target_hash"), row.get(metric)
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    # True and false are 1 and 0 here; what is no number is aggregated in some other way than by the mean.
    number = float(value) if isinstance(value, int | float) and isfinite(value) else None
    return Sample(question, answer, number)


def are_same(one: Mapping[Any, Sample], other: Mapping[Any, Sample]) -> bool:
    """Whether both are the same questions with the same right answers, whatever prompt stood around them."""
    return one.keys() == other.keys() and all(one[key][:2] == other[key][:2] for key in one)


def pair_values(
    tuned: Mapping[Any, Sample], baseline: Mapping[Any, Sample], score: float, other: float
) -> list[float] | None:
    """Per example what the tuned result has more; None unless the means of the values are the two scores.

    Some metrics, such as a macro F1, are no mean over examples; and samples may be those of another evaluation.
    """
    if not are_same(tuned, baseline):
        return None
    mine = [sample.value for sample in tuned.values()]
    theirs = [baseline[key].value for key in tuned]
    ours = [value for value in mine if value is not None]
    those = [value for value in theirs if value is not None]
    if not len(ours) == len(those) == len(mine):
        return None
    if not (_is_mean(ours, score) and _is_mean(those, other)):
        return None
    return [ahead - behind for ahead, behind in zip(ours, those, strict=True)]


def _is_mean(values: list[float], score: float) -> bool:
    try:
        return isclose(fsum(values) / len(values), score, rel_tol=1e-6, abs_tol=1e-9)
    except OverflowError:  # of numbers that a metric never has
        return False
