"""What the data files that a manifest declares and a config names really hold."""

from __future__ import annotations

import os
import posixpath
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from policy.errors import Problem
from policy.evidence.data_files import FileObservation, observe_file
from policy.evidence.paths import UnreadablePathError, confine
from policy.evidence.readers import describe_reference, rebase
from policy.model.fact import Fact, Members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Location
    from policy.evidence.readers import DatasetReference

SOURCE = "data files"
_TOTALS = ("data.rows", "data.bytes", "data.digest")

Cache = dict[tuple[str, int, int], FileObservation]
"""Observations of one run, by real path, size and time of change."""


class Evidence(NamedTuple):
    """Observed facts, what is wrong with the files, and per path why evidence could not be had."""

    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...]
    unavailable: dict[str, str]


class _Source(NamedTuple):
    """One dataset that is declared or referred to; `path` is relative to the repository's root."""

    path: str | None
    shown: str
    trains: bool
    location: Location | None
    declared: bool
    limit: int | None = None
    portion: str = ""
    resolved: bool = True


class _Reading(NamedTuple):
    """A source that was read: where its file really is, and what it holds."""

    source: _Source
    real: str
    file: FileObservation


def collect_sources(
    root: str, folder: str, declared: Fact | None, references: Sequence[DatasetReference], cache: Cache
) -> Evidence:
    """Observe all sources of one subject, each file once.

    `folder` is the manifest's, relative to `root`: declared paths are relative to it, and so are those in the
    facts. The totals cover the training split, and are given only where all of it is known.
    """
    problems: list[Problem] = []
    refusals: dict[str, str] = {}
    readings: list[_Reading] = []
    sources = [*_list_declared(folder, declared), *(_adopt(reference) for reference in references)]
    for source in sources:
        found = _read_source(root, source, cache, problems, refusals)
        if found:
            readings.append(found)
    facts = [*_describe_sources(folder, references, readings)]
    unavailable: dict[str, str] = {}
    if sources:
        _add_totals(folder, sources, readings, refusals, facts, unavailable)
    return Evidence(tuple(facts), tuple(dict.fromkeys(problems)), unavailable)


def _list_declared(folder: str, declared: Fact | None) -> list[_Source]:
    found = []
    for member in declared.value.items if declared and isinstance(declared.value, Members) else ():
        path, split = member.get("path"), member.get("split")
        named = path or member.get("name")
        shown = named.value if named else "a source without path and name"
        target = posixpath.normpath(posixpath.join(folder, path.value)) if path else None
        location = named.location if named else declared.location if declared else None
        found.append(_Source(target, shown, split is None or split.value == "train", location, declared=True))
    return found


def _adopt(reference: DatasetReference) -> _Source:
    return _Source(
        reference.path,
        reference.path or reference.name or "a dataset that cannot be made out",
        reference.split == "train",
        reference.location,
        declared=False,
        limit=reference.limit,
        portion=reference.portion,
        resolved=reference.resolved,
    )


def _read_source(
    root: str, source: _Source, cache: Cache, problems: list[Problem], refusals: dict[str, str]
) -> _Reading | None:
    if source.path is None:
        refusals[source.shown] = f"`{source.shown}` is no file of the repository"
        return None
    try:
        real = confine(root, source.path)
        file = _observe_once(real, source.path, cache)
    except UnreadablePathError as fault:
        problem = fault.problem
    except OSError as fault:
        reason = f"`{source.path}` cannot be read: {fault.strerror}"
        problem = Problem(reason, "check the file", level="warning")
    else:
        if file.problem:
            problems.append(file.problem)
        return _Reading(source, real, file)
    # A config may well name what is only there when it is run; a manifest speaks of its own repository.
    level = problem.level if source.declared else "warning"
    problems.append(problem._replace(location=source.location, level=level))
    refusals[source.shown] = problem.message
    return None


def _observe_once(real: str, shown: str, cache: Cache) -> FileObservation:
    status = os.stat(real)
    key = (real, status.st_size, status.st_mtime_ns)
    if key not in cache:
        cache[key] = observe_file(real, shown)
    return cache[key]


def _describe_sources(
    folder: str, references: Sequence[DatasetReference], readings: list[_Reading]
) -> list[Fact]:
    """`data.sources`: what the config says of each, and what was read; complete where the config was made out."""
    members: dict[tuple[str, str], dict[str, Fact]] = {}
    for reference in references:
        if reference.path or reference.name:
            told = describe_reference(reference, folder, SOURCE, "")
            members.setdefault(_key(told), told)
    for reading in readings:
        seen = _describe_file(folder, reading)
        members.setdefault(_key(seen), {}).update(seen)
    if not members:
        return []
    complete = bool(references) and all(reference.resolved for reference in references)
    location = references[0].location if references else readings[0].source.location
    return [Fact("data.sources", Members(tuple(members.values()), complete), "observed", SOURCE, location)]


def _describe_file(folder: str, reading: _Reading) -> dict[str, Fact]:
    file, source = reading.file, reading.source
    values: dict[str, Any] = {"path": rebase(source.path or "", folder)}
    if file.rows is not None:
        values["rows"] = file.rows
    if file.format != "other":
        values["format"] = file.format
    if not file.is_pointer:
        values["digest"] = file.sha256
    return {
        name: Fact(name, value, "observed", SOURCE, source.location, file.sha256)
        for name, value in values.items()
    }


def _key(member: dict[str, Fact]) -> tuple[str, str]:
    told = member.get("path") or member["name"]
    return told.path, told.value


def _add_totals(
    folder: str,
    sources: list[_Source],
    readings: list[_Reading],
    refusals: dict[str, str],
    facts: list[Fact],
    unavailable: dict[str, str],
) -> None:
    """Add rows, bytes and digest of the training split, or why each of them is not to be had."""
    training = [source for source in sources if source.trains]
    lacking = next((refusals[source.shown] for source in training if source.shown in refusals), "")
    if not training:
        lacking = "no source is for training"
    elif not all(source.resolved for source in sources):
        lacking = lacking or "the config names data that could not be made out"
    if lacking:
        unavailable.update(dict.fromkeys(_TOTALS, lacking))
        return
    # Two names of one file are one source; the one that takes least of it counts.
    files: dict[str, _Reading] = {}
    for reading in readings:
        if reading.source.trains:
            files.setdefault(reading.real, reading)
    location = training[0].location
    for path, value in _sum_up(folder, list(files.values()), unavailable):
        facts.append(Fact(path, value, "observed", SOURCE, location))
