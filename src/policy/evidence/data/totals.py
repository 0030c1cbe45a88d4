"""Rows, bytes and digest of the training split, from what was read of each source."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.evidence.data.files import FileObservation
    from policy.evidence.data.named import Source

PATHS = ("data.rows", "data.bytes", "data.digest")


class Reading(NamedTuple):
    """What came of reading a source: where the file really is and what it holds, or why neither is known."""

    source: Source
    real: str = ""
    file: FileObservation | None = None
    reason: str = ""


class Part(NamedTuple):
    """One file of the training split, whatever the names by which it goes; `path` is relative to the manifest."""

    path: str
    file: FileObservation
    limit: int | None
    portion: str


class Totals(NamedTuple):
    """Path to value, and path to the reason why there is none."""

    values: dict[str, int | str]
    unavailable: dict[str, str]


def sum_up(readings: Sequence[Reading], shorten: dict[str, str]) -> Totals:
    """Add up the training split; `shorten` gives a path from the root as one from the manifest."""
    training = select_split(readings, "train")
    if reason := find_gap(training):
        return Totals({}, dict.fromkeys(PATHS, reason))
    parts = drop_copies(merge_names(training, shorten))
    totals = Totals({}, {})
    _add(totals, "data.rows", (_count_rows(part) for part in parts))
    _add(totals, "data.bytes", (_count_bytes(part) for part in parts))
    lines = sorted(f"{part.path}\0{part.file.sha256}\n" for part in parts)
    totals.values["data.digest"] = sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()
    return totals


def select_split(readings: Sequence[Reading], *splits: str) -> list[Reading]:
    """The sources that are used for a split: as the config uses the file, else as the manifest declares it."""
    configured: dict[str, set[str]] = {}
    for source, real, _, _ in readings:
        if real and not source.declared:
            configured.setdefault(real, set()).add(source.split)
    return [
        reading for reading in readings if not configured.get(reading.real, {reading.source.split}).isdisjoint(splits)
    ]


def find_gap(training: Sequence[Reading]) -> str:
    """Why the training split is not known in full; empty where it is."""
    if not training:
        return "no source is for training"
    for reading in training:
        if reading.file is None:
            return reading.reason
        if reading.file.is_pointer:
            return f"`{reading.source.shown}`: {reading.file.reason}"
        if not reading.source.resolved:
            return f"what `{reading.source.shown}` stands for could not be made out"
    return ""


def merge_names(training: Iterable[Reading], shorten: dict[str, str]) -> Iterable[Part]:
    """Each file once: the smallest limit and any selection that is set for it hold."""
    parts: dict[str, Part] = {}
    for source, real, file, _ in training:
        if file is None or source.path is None:
            continue
        path = shorten[source.path]
        known = parts.get(real, Part(path, file, source.limit, source.portion))
        limits = [limit for limit in (known.limit, source.limit) if limit is not None]
        parts[real] = Part(min(path, known.path), file, min(limits, default=None), known.portion or source.portion)
    return parts.values()


def drop_copies(parts: Iterable[Part]) -> list[Part]:
    """Each content once, however many files hold it: the copy of which most is used."""
    kept: dict[str, Part] = {}
    for part in sorted(parts, key=lambda part: part.path):
        known = kept.get(part.file.sha256)
        if known is None or _rank_use(part) > _rank_use(known):
            kept[part.file.sha256] = part
    return list(kept.values())


def _rank_use(part: Part) -> tuple[bool, bool, bool, int]:
    """More for the copy that says less of what is used: uncounted, whole, a selection of unknown size, a limit."""
    whole = part.limit is None and not part.portion
    return part.file.rows is None, whole, bool(part.portion), part.limit or 0


def _count_rows(part: Part) -> int | str:
    if part.portion:
        return f"the config selects `{part.portion}` of `{part.path}`"
    if part.limit is not None and part.limit < 0:
        return f"the config takes at most {part.limit:,} rows of `{part.path}`, which is no number of rows"
    if part.file.rows is None:
        return f"the rows of `{part.path}` are unknown: {part.file.reason}"
    return part.file.rows if part.limit is None else min(part.file.rows, part.limit)


def _count_bytes(part: Part) -> int | str:
    if part.portion:
        return f"the config selects `{part.portion}` of `{part.path}`"
    if part.limit is not None and (part.file.rows is None or part.file.rows > part.limit):
        return f"the config takes at most {part.limit:,} rows of `{part.path}`"
    return part.file.bytes


def _add(totals: Totals, path: str, counts: Iterable[int | str]) -> None:
    """Add the sum of the counts, or the first reason among them."""
    found = list(counts)
    reason = next((count for count in found if isinstance(count, str)), None)
    if reason is None:
        totals.values[path] = sum(count for count in found if isinstance(count, int))
    else:
        totals.unavailable[path] = reason
