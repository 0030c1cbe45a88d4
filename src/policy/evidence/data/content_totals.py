"""Tokens, repeated rows and overlap of the training split, from what was read and compared.

Tokens are those of the text that `characters` counts: of all strings in a row, each by itself, whatever its key. Keys,
numbers, and what a chat template puts round a message are not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.data.totals import drop_copies, find_gap, merge_names, select_split
from policy.model.fields import DATA
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.evidence.data.split_reader import Comparison
    from policy.evidence.data.totals import Part, Reading
    from policy.evidence.tokens.totals import TokenTotal

    CountTokens = Callable[[Sequence[str], int], TokenTotal]

TOKENS, DUPLICATES, OVERLAP = "data.tokens", "data.duplicate_rate", "data.overlap_rate"
PATHS = (TOKENS, DUPLICATES, OVERLAP)


class Told(NamedTuple):
    """A value, how it is known, and what told it."""

    value: int | float
    origin: str = "observed"
    source: str = DATA


class ContentTotals(NamedTuple):
    """Path to value, and path to the reason why there is none, or no better one."""

    values: dict[str, Told]
    unavailable: dict[str, str]


def sum_up_content(
    readings: Sequence[Reading],
    shorten: dict[str, str],
    comparison: Comparison | None,
    fault: str,
    count_tokens: CountTokens,
) -> ContentTotals:
    """What the rows of the training split hold; without a comparison, `fault` says why there is none.

    `count_tokens` is given the digests of the files and the characters in them.
    """
    training = select_split(readings, "train")
    if reason := find_gap(training):
        return ContentTotals({}, dict.fromkeys(PATHS, reason))
    parts = drop_copies(merge_names(training, shorten))
    if reason := next(filter(None, map(_find_hindrance, parts)), ""):
        return ContentTotals({}, dict.fromkeys(PATHS, reason))
    characters = sum(part.file.content.characters for part in parts if part.file.content)
    tokens = count_tokens([part.file.sha256 for part in parts], characters)
    totals = ContentTotals({TOKENS: Told(tokens.value, tokens.origin, tokens.source)}, {})
    if tokens.fault:
        totals.unavailable[TOKENS] = tokens.fault
    if comparison is None:
        totals.unavailable.update(dict.fromkeys((DUPLICATES, OVERLAP), fault))
        return totals
    _rate_duplicates(totals, comparison)
    _rate_overlap(totals, comparison, select_split(readings, "validation", "test"))
    return totals


def _find_hindrance(part: Part) -> str:
    """Why the rows that are used cannot be told; empty where all rows of the file are."""
    if part.portion:
        return f"the config selects `{part.portion}` of `{part.path}`"
    if part.file.rows is None or part.file.content is None:
        return f"the rows of `{part.path}` are unknown: {part.file.reason or 'they are written in an unusual form'}"
    if part.limit is not None and part.limit < part.file.rows:
        return f"the config takes at most {part.limit:,} rows of `{part.path}`"
    return ""


def _rate_duplicates(totals: ContentTotals, comparison: Comparison) -> None:
    rows, repeated, reason = comparison.repetition
    if repeated is None:
        totals.unavailable[DUPLICATES] = reason
    elif not rows:
        totals.unavailable[DUPLICATES] = "the training data has no rows"
    else:
        totals.values[DUPLICATES] = Told(repeated / rows)


def _rate_overlap(totals: ContentTotals, comparison: Comparison, evaluation: Sequence[Reading]) -> None:
    found = comparison.overlap
    if reason := _find_evaluation_gap(evaluation):
        totals.unavailable[OVERLAP] = reason
    elif found is None or not found.rows:
        totals.unavailable[OVERLAP] = "the evaluation data has no rows"
    else:
        totals.values[OVERLAP] = Told(found.held / found.rows, "estimated" if found.sampled else "observed")


def _find_evaluation_gap(evaluation: Sequence[Reading]) -> str:
    """Why the evaluation rows are not all known; empty where they are."""
    if not evaluation:
        return "no source has the split validation or test"
    for reading in evaluation:
        shown, file = reading.source.shown, reading.file
        if file is None:
            return reading.reason
        if file.rows is None or file.content is None:
            return f"the rows of `{shown}` are unknown: {file.reason or 'they are written in an unusual form'}"
        if not reading.source.resolved:
            return f"what `{shown}` stands for could not be made out"
    return ""
