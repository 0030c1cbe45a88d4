"""What the data files that a manifest declares and a config names really hold."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from policy.errors import Problem
from policy.evidence.data.named import Source, list_sources
from policy.evidence.data.totals import Reading, select_split, sum_up
from policy.evidence.paths import UnreadablePathError, confine
from policy.evidence.tools.readers import describe_reference, rebase
from policy.model.fact import Fact, Members
from policy.model.fields import DATA
from policy.plugins.contracts import Evidence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.evidence.data.files import FileObservation
    from policy.evidence.data.split_reader import Comparison, SplitReader
    from policy.evidence.tokens.totals import SplitTokens, TokenTotal
    from policy.plugins.contracts import DatasetReference

SOURCE = DATA

Cache: TypeAlias = "dict[tuple[str, int, int], FileObservation]"
"""Observations of one run, by real path, size and time of change."""


class Deep(NamedTuple):
    """What looks into the content of data files."""

    reader: SplitReader
    tokens: SplitTokens


class Splits(NamedTuple):
    """Files for training and for evaluation: real path to the name that problems show."""

    training: dict[str, str]
    evaluation: dict[str, str]


def collect_sources(
    root: str,
    folder: str,
    declared: Fact | None,
    references: Sequence[DatasetReference],
    cache: Cache,
    deep: Deep | None = None,
) -> Evidence:
    """Observe all sources of one subject, each file once; where it is to be `deep` their content too, in all formats.

    `folder` is the manifest's, relative to `root`: declared paths are relative to it, and so are those in the
    facts. Totals cover the training split, and are given only where all of it is known.
    """
    problems: list[Problem] = []
    sources = list_sources(folder, declared, references)
    if not sources:
        return Evidence()
    splits = _locate_splits(root, sources) if deep else Splits({}, {})
    comparison, fault = _compare_rows(root, splits, deep) if deep else (None, "")

    def observe(real: str, shown: str) -> FileObservation:
        return deep.reader.observe(root, real, shown) if deep else _observe_once(real, shown, cache)

    readings = [_read_source(root, source, observe, problems) for source in sources]
    shorten = {source.path: rebase(source.path, folder) for source in sources if source.path}
    totals = sum_up(readings, shorten)
    facts = _describe_sources(folder, references, readings, shorten)
    facts += [Fact(path, value, "observed", SOURCE, sources[0].location) for path, value in totals.values.items()]
    unavailable = totals.unavailable
    if deep:
        from policy.evidence.data.content_totals import sum_up_content

        def count_tokens(digests: Sequence[str], characters: int) -> TokenTotal:
            return deep.tokens.total(digests, characters, partial(deep.reader.draw, splits.training))

        content = sum_up_content(readings, shorten, comparison, fault, count_tokens)
        facts += [Fact(path, *told, sources[0].location) for path, told in content.values.items()]
        problems += deep.tokens.problems
        unavailable = unavailable | content.unavailable
    return Evidence(tuple(facts), tuple(dict.fromkeys(problems)), unavailable)


def _locate_splits(root: str, sources: Sequence[Source]) -> Splits:
    found = [located for source in sources if (located := _locate(root, source))]
    return Splits(
        *(
            {reading.real: reading.source.path or "" for reading in select_split(found, *splits)}
            for splits in (("train",), ("validation", "test"))
        )
    )


def _compare_rows(root: str, splits: Splits, deep: Deep) -> tuple[Comparison | None, str]:
    """Compare the rows of the training files, and of the evaluation files with them; or why that is not possible."""
    try:
        return deep.reader.compare(root, splits.training, splits.evaluation, deep.tokens.sample), ""
    except OSError as fault:
        return None, f"a data file cannot be read: {fault.strerror}"


def _locate(root: str, source: Source) -> Reading | None:
    try:
        return Reading(source, confine(root, source.path)) if source.path else None
    except (UnreadablePathError, OSError):
        return None  # which is reported where the file is observed


def _read_source(
    root: str, source: Source, observe: Callable[[str, str], FileObservation], problems: list[Problem]
) -> Reading:
    if source.path is None:
        return Reading(source, reason=f"`{source.shown}` is not a file of the repository")
    try:
        real = confine(root, source.path)
        file = observe(real, source.path)
    except UnreadablePathError as fault:
        problem = fault.problem
    except OSError as fault:
        message = f"`{source.path}` cannot be read: {fault.strerror}"
        problem = Problem(message, "check the file", level="warning")
    else:
        if file.problem:
            problems.append(file.problem)
        return Reading(source, real, file)
    # A config may well name what is only there when it is run; a manifest speaks of its own repository.
    level = problem.level if source.declared else "warning"
    problems.append(problem._replace(location=source.location, level=level))
    return Reading(source, reason=problem.message)


def _observe_once(real: str, shown: str, cache: Cache) -> FileObservation:
    from policy.evidence.data.files import observe_file  # many subjects name no file

    status = os.stat(real)
    key = (real, status.st_size, status.st_mtime_ns)
    if key not in cache:
        cache[key] = observe_file(real, shown)
    return cache[key]


def _describe_sources(
    folder: str, references: Sequence[DatasetReference], readings: list[Reading], shorten: dict[str, str]
) -> list[Fact]:
    """`data.sources`: what the config says of each, and what was read; complete where the config was made out."""
    members: dict[tuple[str, Any], dict[str, Fact]] = {}
    named = [reference for reference in references if reference.path or reference.name]
    for reference in named:
        told = describe_reference(reference, folder, SOURCE, "")
        members.setdefault(_get_key(told), told)
    for reading in readings:
        if reading.file and reading.source.path:
            seen = _describe_file(reading.source, reading.file, shorten[reading.source.path])
            members.setdefault(_get_key(seen), {}).update(seen)
    if not members:
        return []
    complete = bool(references) and all(reference.resolved for reference in references)
    value = Members(tuple(members.values()), complete)
    return [Fact("data.sources", value, "observed", SOURCE, readings[0].source.location)]


def _describe_file(source: Source, file: FileObservation, path: str) -> dict[str, Fact]:
    values: dict[str, Any] = {"path": path}
    if file.rows is not None:
        values["rows"] = file.rows
    if file.format != "other":
        values["format"] = file.format
    if not file.is_pointer:
        values["digest"] = file.sha256
    return {name: Fact(name, value, "observed", SOURCE, source.location, file.sha256) for name, value in values.items()}


def _get_key(member: dict[str, Fact]) -> tuple[str, Any]:
    told = member["path"] if "path" in member else member["name"]
    return told.path, told.value
