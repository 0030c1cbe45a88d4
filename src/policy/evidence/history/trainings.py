"""When a model was trained, as far as DVC noted it: the stage that trains and the commits that changed its outputs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from policy.evidence.history.data_changes import is_file, list_moves
from policy.evidence.history.dvc_files import LOCK
from policy.evidence.tools.readers import list_ancestors, rebase
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.evidence.history.chronicle import Chronicle, Log
    from policy.evidence.history.dvc_files import Stage
    from policy.plugins.history import FileChange

# What separates a path from the rest of a command.
_WORD = re.compile(r"[^\s'\"=,;:&|()<>]+")


class Trainings(NamedTuple):
    """The changes of what a stage of `lock` makes, or the reason why no stage is known to train."""

    stage: str = ""
    lock: str = ""
    changes: tuple[FileChange, ...] = ()
    unread: int = 0
    reason: str = ""


def list_locks(root: str, folder: str) -> list[str]:
    """The `dvc.lock` files that may speak of a project in a folder, the nearest first."""
    paths = (*(f"{above}/{LOCK}" for above in list_ancestors(folder)), LOCK)
    return [path for path in paths if is_file(root, path)]


def find_trainings(chronicle: Chronicle, log: Log, locks: Sequence[str], config: str, data: Sequence[str]) -> Trainings:
    """The trainings with a training config (or none) on some data, as the `locks` tell them; paths from the root."""
    several: tuple[str, ...] = ()
    for lock in locks:
        changes = log.find(lock)
        if not changes:
            continue
        versions = chronicle.read_versions(lock, changes)
        stages = next((versions.stages[change.new] for change in changes if change.new in versions.stages), ())
        found = find_stages(stages, lock, config, data)
        if len(found) == 1:
            (name,) = found
            moves = list_moves(changes, versions, partial(_pick, name))
            return Trainings(name, lock, tuple(moves), versions.unread)
        several = several or found
    if several:
        names = " and ".join(f"`{name}`" for name in several[:3])
        return Trainings(reason=f"several stages of `{LOCK}` may be the training: {names}")
    return Trainings(reason=f"no stage of a `{LOCK}` is known to train this model")


def find_stages(stages: Sequence[Stage], lock: str, config: str, data: Sequence[str]) -> tuple[str, ...]:
    """The stages that may train: those that name the config, else those that read all of the data."""
    making = [stage for stage in stages if stage.made]
    named = tuple(stage.name for stage in making if config and _names(stage, lock, config))
    if named:
        return named
    return tuple(stage.name for stage in making if data and all(_reads(stage, path) for path in data))


def _names(stage: Stage, lock: str, config: str) -> bool:
    written = rebase(config, lock.rpartition("/")[0])
    words = (word.removeprefix("./") for word in _WORD.findall(stage.command))
    return config in stage.read or written in words


def _reads(stage: Stage, path: str) -> bool:
    return any(f"{path}/".startswith(f"{read}/") for read in stage.read)


def _pick(name: str, stages: Sequence[Stage]) -> frozenset[tuple[str, str]]:
    return frozenset(made for stage in stages if stage.name == name for made in stage.made.items())
