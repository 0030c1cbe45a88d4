"""The history of one repository, asked for as seldom as possible: many subjects may lie in it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, TypeVar

from policy.evidence.history.dvc_files import read_dvc_file
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy.evidence.history.dvc_files import Stage
    from policy.plugins.history import Changes, Checkout, FileChange, History

# For one project git looks along a few paths, which is quick in a large repository; for many projects it is asked
# once about everything.
FEW = 4
MOST_PATHS = 500
MOST_VERSIONS = 200
MOST_BYTES, MOST_TOGETHER = 1024 * 1024, 4 * 1024 * 1024
MOST_KEPT = 10_000
Answer = TypeVar("Answer")


class Log:
    """Changes of files by their paths; `whole` is false where older ones were not read."""

    def __init__(self, changes: Changes) -> None:
        self.whole = changes.whole
        self._by_path: dict[str, list[FileChange]] = {}
        for change in changes.files:
            self._by_path.setdefault(change.path, []).append(change)
        self._paths = sorted(self._by_path)

    def find(self, path: str) -> list[FileChange]:
        """The changes of a file, the latest first."""
        return self._by_path.get(path, [])

    def find_below(self, path: str) -> list[FileChange]:
        """The changes of a file, or of the files in a folder."""
        found = list(self.find(path))
        start = bisect_left(self._paths, f"{path}/")
        for name in self._paths[start:]:
            if not name.startswith(f"{path}/"):
                break
            found += self._by_path[name]
        return found


class Versions(NamedTuple):
    """What versions of DVC's files hold, by the names of their contents; the others could not be read."""

    stages: dict[str, tuple[Stage, ...]]
    unread: int


class Chronicle:
    """What a history says, kept for all subjects; whoever asks first, the answers are the same. Raises HistoryError."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._log = Question(lambda paths: Log(history.list_changes(paths)), lambda log: log.whole)
        self._checkout = Question(history.find_checkout, lambda _: True)
        self._stages: dict[tuple[str, str], tuple[Stage, ...] | None] = {}

    def read_log(self, paths: Iterable[str]) -> Log:
        """The changes of these files, and of what is in these folders; maybe of others, too."""
        return self._log.ask(tuple(dict.fromkeys(paths)))

    def find_checkout(self, paths: Iterable[str]) -> Checkout:
        """What is checked out at and below the paths; maybe elsewhere, too."""
        return self._checkout.ask(tuple(dict.fromkeys(paths)))

    def read_versions(self, path: str, changes: Sequence[FileChange]) -> Versions:
        """What the latest versions of one of DVC's files hold; `changes` are those of this file, the latest first."""
        named = (name for change in changes for name in (change.new, *change.old) if name)
        wanted = list(dict.fromkeys(named))
        latest = wanted[:MOST_VERSIONS]
        if len(self._stages) > MOST_KEPT:
            self._stages.clear()
        missing = [name for name in latest if (path, name) not in self._stages]
        contents = self.history.read_contents(missing, MOST_BYTES, MOST_TOGETHER) if missing else {}
        for name in missing:
            self._stages[path, name] = read_dvc_file(contents[name], path) if name in contents else None
        read = {name: stages for name in latest if (stages := self._stages[path, name]) is not None}
        return Versions(read, len(wanted) - len(read))


class Question(Generic[Answer]):
    """A question about some paths: asked a few times for just these, then once about all, where that can be told."""

    def __init__(self, ask: Callable[[Sequence[str] | None], Answer], is_whole: Callable[[Answer], bool]) -> None:
        self._ask = ask
        self._is_whole = is_whole
        self._kept: dict[tuple[str, ...] | None, Answer] = {}
        self._asked = 0

    def ask(self, paths: tuple[str, ...]) -> Answer:
        """The answer for these paths, which may hold others."""
        if paths in self._kept:
            return self._kept[paths]
        self._asked += 1
        if self._asked <= FEW and len(paths) <= MOST_PATHS:
            self._kept[paths] = self._ask(paths)
            return self._kept[paths]
        if None not in self._kept:
            self._kept[None] = self._ask(None)
        if self._is_whole(self._kept[None]) or len(paths) > MOST_PATHS:
            return self._kept[None]
        # Not kept: there may be thousands.
        return self._ask(paths)
