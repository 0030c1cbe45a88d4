"""The collector of whether the files that a provider would train from keep its rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, Problem
from policy.evidence.data.named import list_sources
from policy.evidence.job_files.providers import AZURE, OPENAI, PROVIDERS
from policy.evidence.paths import UnreadablePathError, confine
from policy.model.fact import Fact
from policy.plugins.contracts import Evidence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evidence.job_files.judgement import Judgement
    from policy.evidence.job_files.providers import Provider
    from policy.plugins.contracts import Project

SOURCE = "job file"
PATH = "training.job_file_valid"
# The subjects of a project come one after the other; what was read for others long ago is not kept.
MOST_KEPT = 1000
_TRAINED = ("fine-tuning", "hybrid")
_MODEL_PROVIDERS = {"openai": OPENAI, "azure": AZURE, "azure openai": AZURE, "azure-openai": AZURE}
_KINDS = {"sft": "chat", "dpo": "preference"}
_ENDINGS = (".jsonl", ".ndjson", ".json", "")


class JobFiles:
    """Whether every file that is named for training keeps the rules of the provider that is to train from it."""

    name = "job file"
    observes = (PATH,)

    def __init__(self) -> None:
        self._cache: dict[tuple[object, ...], Judgement] = {}

    def collect(self, project: Project) -> Evidence:
        # What the training config tells counts before what the manifest says of it.
        declared = {fact.path: fact for fact in (*project.declared, *project.told)}
        provider = find_provider(declared)
        if provider is None:
            return Evidence()
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        method = declared.get("training.method")
        kind = _KINDS.get(method.value) if method else None
        readings = [self._read(project.root, file, provider, kind) for file in list_training_files(project, declared)]
        return _conclude(readings)

    def _read(self, root: str, file: _TrainingFile, provider: Provider, kind: str | None) -> _Reading:
        if os.path.splitext(file.path)[1].lower() not in _ENDINGS:
            return _Reading(file, reason=f"`{file.path}` is no JSON Lines file, so it is not what a provider is sent")
        try:
            judged = self._judge_once(root, file.path, provider, kind)
        except UnreadablePathError as fault:
            return _Reading(file, reason=fault.problem.message)
        except OSError as fault:
            return _Reading(file, reason=f"`{file.path}` cannot be read: {fault.strerror}")
        return _Reading(file, judged)

    def _judge_once(self, root: str, shown: str, provider: Provider, kind: str | None) -> Judgement:
        from policy.evidence.job_files.judging import Task  # most subjects name no provider
        from policy.evidence.job_files.kept import judge_once

        real = confine(root, shown)
        status = os.stat(real)
        key = (real, shown, status.st_size, status.st_mtime_ns, provider.key, kind)
        if key not in self._cache:
            self._cache[key] = judge_once(root, real, shown, Task(provider, kind))
        return self._cache[key]


class _TrainingFile(NamedTuple):
    """A file that is named for training, its path relative to the root."""

    path: str
    location: Location | None


class _Reading(NamedTuple):
    """What came of reading a file: the judgement, or why there is none."""

    file: _TrainingFile
    judgement: Judgement | None = None
    reason: str = ""


def find_provider(declared: Mapping[str, Fact]) -> Provider | None:
    """The provider that trains: what is said of the tool, else who offers the model that is fine-tuned."""
    tool = declared.get("training.tool")
    if tool is not None:
        return PROVIDERS.get(tool.value)
    approach, offered = declared.get("approach"), declared.get("model.provider")
    if approach is None or approach.value not in _TRAINED or offered is None or not isinstance(offered.value, str):
        return None
    return _MODEL_PROVIDERS.get(offered.value.lower())


def list_training_files(project: Project, declared: Mapping[str, Fact]) -> list[_TrainingFile]:
    """The files of the training split, each once: as the config uses them, else as the manifest declares them."""
    used = {reference.path: reference.split for reference in project.datasets if reference.path}
    found: dict[str, _TrainingFile] = {}
    # The config's own word comes first: `setdefault` leaves what is there.
    sources = list_sources(project.folder, declared.get("data.sources"), project.datasets)
    for source in sorted(sources, key=lambda source: source.declared):
        if source.path is None:
            continue
        split = used.get(source.path, source.split) if source.declared else source.split
        if split == "train":
            found.setdefault(source.path, _TrainingFile(source.path, source.location))
    return list(found.values())


def _conclude(readings: list[_Reading]) -> Evidence:
    """One broken file decides; that all are sound is known only where all could be judged."""
    problems = tuple(_describe(reading.judgement) for reading in readings if reading.judgement and _fails(reading))
    broken = next((reading for reading in readings if _fails(reading)), None)
    gap = next((reason for reading in readings if (reason := _explain_gap(reading))), "")
    if broken is None and (gap or not readings):
        return Evidence((), problems, {PATH: gap or "no file of the repository is named for training"})
    decisive = broken or readings[0]
    digest = decisive.judgement.sha256 if decisive.judgement else ""
    return Evidence((Fact(PATH, broken is None, "observed", SOURCE, decisive.file.location, digest),), problems)


def _fails(reading: _Reading) -> bool:
    return reading.judgement is not None and reading.judgement.valid is False


def _explain_gap(reading: _Reading) -> str:
    judged = reading.judgement
    if judged is None:
        return reading.reason
    return f"`{judged.file}`: {judged.unread[0]}" if judged.unread else ""


def _describe(judgement: Judgement) -> Problem:
    """The first violation of a file, and how to see the others: a warning, for a policy decides about it."""
    count = sum(judgement.errors.values())
    first = next(finding.problem for finding in judgement.findings if finding.problem.level == "error")
    others = f", the first of {count:,} violations" if count > 1 else ""
    message = f"the file breaks the rules of {judgement.provider.title}: {first.message}{others}"
    remedy = f"{first.remedy}; `policy data validate FILE --provider {judgement.provider.key}` shows all violations"
    return Problem(message, remedy, first.location, level="warning")
