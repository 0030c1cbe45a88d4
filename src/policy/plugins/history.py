"""What a collector can ask of the history of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class HistoryError(Exception):
    """The history cannot be read; the text says why."""


class FileChange(NamedTuple):
    """A commit after which a file has another content; both contents by the names that git gives them.

    `time` is when the commit was written by its author, in seconds since 1970 as the commit says it: any number, or
    None where it says none. `old` has an entry for each parent, empty where there was no file, and `new` is empty
    where there is none any more. `begins` is true of the commit with which a shallow clone begins: it seems to add
    every file.
    """

    path: str
    time: int | None
    old: tuple[str, ...]
    new: str
    begins: bool = False


class Changes(NamedTuple):
    """The changes of files, the latest commit first; `whole` is false where there are too many to be read."""

    files: tuple[FileChange, ...]
    whole: bool = True


class Checkout(NamedTuple):
    """The commit that is checked out, empty before the first one, and how the files differ from it.

    `changed` are files that git tracks; `untracked` files that it neither tracks nor ignores, or folders of such, which
    end with `/`; `./` is all there is.
    """

    commit: str
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()


class History(Protocol):
    """The history that leads to what is checked out; every path is relative to the project's root.

    All methods raise HistoryError. It can be pickled, and two for the same root are equal.
    """

    def list_changes(self, paths: Sequence[str] | None) -> Changes:
        """The changes of these files and of those below these folders; with None of all files."""

    def find_checkout(self, paths: Sequence[str] | None) -> Checkout:
        """What is checked out at and below these paths; with None everywhere."""

    def list_ignored(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of the paths that git is told to ignore."""

    def read_contents(self, names: Sequence[str], most: int, total: int) -> Mapping[str, bytes]:
        """Contents by the names that changes give them, without those that are not there.

        One of more than `most` bytes is left out, and so are those that would make more than `total` together.
        """
