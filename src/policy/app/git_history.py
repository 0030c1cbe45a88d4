"""The history of a project's repository, as collectors ask for it."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any

from policy.loading.git.commands import GitError, find_repository
from policy.structs import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.plugins.history import Changes, Checkout


class RepositoryHistory(Record):
    """What git says of the repository at `repository`; `inside` is the project's root in it, empty for the same."""

    repository: str
    inside: str

    def list_changes(self, paths: Sequence[str] | None) -> Changes:
        changes: Changes = self._ask("list_changes", self._place(paths))
        files = (file._replace(path=self._show(file.path)) for file in changes.files if self._holds(file.path))
        return changes._replace(files=tuple(files)) if self.inside else changes

    def find_checkout(self, paths: Sequence[str] | None) -> Checkout:
        found: Checkout = self._ask("find_checkout", self._place(paths))
        if not self.inside:
            return found
        changed = tuple(self._show(path) for path in found.changed if self._holds(path))
        # A folder above the root that git does not track holds all of it.
        around = ("./",) if any(f"{self.inside}/".startswith(path) for path in found.untracked) else ()
        untracked = tuple(self._show(path) for path in found.untracked if self._holds(path))
        return found._replace(changed=changed, untracked=around or untracked)

    def list_ignored(self, paths: Sequence[str]) -> frozenset[str]:
        return frozenset(map(self._show, self._ask("list_ignored", self._place(paths))))

    def read_contents(self, names: Sequence[str], most: int, total: int) -> Mapping[str, bytes]:
        contents: Mapping[str, bytes] = self._ask("read_contents", names, most, total)
        return contents

    def _ask(self, question: str, *arguments: Any) -> Any:
        # Most runs ask nothing.
        from policy.loading.git import history
        from policy.plugins.history import HistoryError

        try:
            return getattr(history, question)(self.repository, *arguments)
        except GitError as error:
            raise HistoryError(f"git cannot be asked: {error}") from None

    def _place(self, paths: Sequence[str] | None) -> list[str] | None:
        """The paths from the repository's folder; all below the project's root where none are named."""
        if paths is None:
            return [self.inside] if self.inside else None
        return [posixpath.join(self.inside, path).rstrip("/") or "." for path in paths]

    def _holds(self, path: str) -> bool:
        return path.startswith(f"{self.inside}/")

    def _show(self, path: str) -> str:
        return path.removeprefix(f"{self.inside}/") if self.inside else path


def find_history(root: str) -> RepositoryHistory | None:
    """The history of the repository that a folder, an absolute path, lies in; None where it lies in none."""
    real = os.path.realpath(root)
    repository = find_repository(real)
    if repository is None:
        return None
    inside = os.path.relpath(real, repository).replace(os.sep, "/")
    return RepositoryHistory(repository, "" if inside == "." else inside)
