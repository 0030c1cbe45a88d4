"""The entries of `tried`, each with what was read of its results."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, TypeAlias

from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import UnreadablePathError, confine, is_missing
from policy.evidence.results.mlflow_runs import GoneRunError
from policy.evidence.results.mlflow_server import NoRunError
from policy.model.fact import Fact, Members
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.results.mlflow_runs import TrackingServer
    from policy.evidence.results.result import Result

Cache: TypeAlias = "dict[tuple[str, int, int], Result | PolicyError | Missing]"
"""What was read of files, by real path, size and time of change: results, what is wrong, or why there are none."""


class Missing(NamedTuple):
    """Why there are no results, and whether what was named is there all the same; None where that is not known.

    Where nobody was `asked`, it is there by the manifest's word alone.
    """

    reason: str
    found: bool | None = None
    asked: bool = True


class Entry(NamedTuple):
    """One entry: what the manifest says of it, and its results or the `reason` why they are not known.

    `key` is the fact by which it is told from others, `results` or `run`; without one, nothing can be read. `found`
    is whether there is what it names, None where that could not be told; where nobody was `asked`, it is the
    manifest's word.
    """

    approach: str | None
    key: Fact | None
    metric: Fact | None = None
    score: float | None = None
    result: Result | None = None
    reason: str = ""
    found: bool | None = None
    asked: bool = True

    @property
    def shown(self) -> str:
        """Its name in a message."""
        return str(self.key.value) if self.key else f"an entry of `tried` for {self.approach}"

    @property
    def location(self) -> Location | None:
        return self.key.location if self.key else None


class EntryReader:
    """Reads results, each file and each run once, and notes what is wrong with them."""

    def __init__(self, root: str, folder: str, server: TrackingServer, cache: Cache, problems: list[Problem]) -> None:
        self.root = root
        self.folder = folder
        self.server = server
        self.cache = cache
        self.problems = problems

    def read_all(self, declared: Fact | None) -> list[Entry]:
        """Every entry that the manifest declares, in its order."""
        return list(self._list_entries(declared))

    def _list_entries(self, declared: Fact | None) -> Iterator[Entry]:
        for member in declared.value.items if declared and isinstance(declared.value, Members) else ():
            approach, score = member.get("approach"), member.get("score")
            entry = Entry(
                approach.value if approach else None,
                member.get("results") or member.get("run"),
                member.get("metric"),
                score.value if score else None,
            )
            if entry.key is None:
                yield entry
                continue
            read = self._read_file(entry.key) if "results" in member else self._read_run(entry.key)
            if isinstance(read, Missing):
                yield entry._replace(reason=read.reason, found=read.found, asked=read.asked)
            else:
                yield entry._replace(result=read, found=True)

    def _read_run(self, key: Fact) -> Result | Missing:
        try:
            return self.server.read_run(key.value)
        except NoRunError as fault:
            if fault.minor:
                return Missing(fault.reason, found=True, asked=False)
            self.problems.append(Problem(fault.reason, fault.remedy, key.location, level="warning"))
            return Missing(fault.reason, False if isinstance(fault, GoneRunError) else None)

    def _read_file(self, key: Fact) -> Result | Missing:
        path = posixpath.normpath(posixpath.join(self.folder, key.value))
        try:
            real = confine(self.root, path)
            status = os.stat(real)
        except UnreadablePathError as fault:
            # What is not there at all is told where the manifest is loaded.
            gone = not fault.refused and is_missing(os.path.join(self.root, path))
            if not gone:
                self.problems.append(fault.problem._replace(location=key.location))
            return Missing(fault.problem.message, False if gone else None)
        except OSError as fault:
            return Missing(f"`{path}` cannot be read: {fault.strerror}")
        known = (real, status.st_size, status.st_mtime_ns)
        if known not in self.cache:
            self.cache[known] = _read_once(real, path)
        read = self.cache[known]
        if isinstance(read, PolicyError):
            self.problems += read.problems
            return Missing(f"`{path}` holds no evaluation results that can be read")
        # One file may go by several names, and samples stand beside the one that is named.
        return read if isinstance(read, Missing) or read.shown == path else _read_again(real, path)


def _read_once(real: str, path: str) -> Result | PolicyError | Missing:
    from policy.evidence.results.files import PointerError, read_results  # many subjects name no results

    try:
        return read_results(real, path)
    except PolicyError as fault:
        return fault
    except PointerError:
        # Whoever committed the pointer had the file.
        return Missing(f"`{path}` is a Git LFS pointer, and the results themselves are not fetched", found=True)
    except OSError as fault:
        return Missing(f"`{path}` cannot be read: {fault.strerror}")


def _read_again(real: str, path: str) -> Result | Missing:
    read = _read_once(real, path)
    return Missing(str(read)) if isinstance(read, PolicyError) else read
