"""What is changed in a repository since a revision: committed since HEAD left it, and not committed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from policy.app.links import follow_links
from policy.app.naming import NAMING
from policy.app.trusted.revision import find_commit
from policy.errors import PolicyError, Problem
from policy.loading.git.bounded import read_git
from policy.loading.git.commands import GitError, run_git
from policy.loading.git.history import MOST_BYTES, find_checkout
from policy.model.manifest import MANIFEST_NAME
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from policy.loading.git.revisions import Revision

T = TypeVar("T")
OPTION = "--changed-since"
DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
# What is not as it is in the index is changed, and needs no search.
GREP = ("grep", "-z", "--full-name", "--no-color", "--no-recurse-submodules", "--cached", "-a", "-F")
TRACKED = ("ls-files", "-s", "-z")
# How it marks links, and how it ends where it names a manifest.
LINK, NAME = b"120000 ", MANIFEST_NAME.encode()
LITERAL = ("--literal-pathspecs", "ls-files", "-z")


class Changes(NamedTuple):
    """The paths that are changed since a revision, those of them that are there, and all manifests that are.

    `base` is the commit that was compared with: where the revision and HEAD part, or with `direct` itself. `linked` are
    other names of changed paths, by which links lead to them; None where there are too many of them.
    """

    revision: Revision
    base: str
    direct: bool
    paths: frozenset[str]
    there: frozenset[str]
    manifests: frozenset[str]
    linked: Mapping[str, str] | None


def find_changes(root: str, name: str) -> Changes:
    """What is changed since the revision of that name. Raises PolicyError."""
    # Nothing takes longer than to look at every file of the work tree.
    uncommitted = start(lambda: _list_uncommitted(root))
    revision = find_commit(root, name, OPTION)
    try:
        base = _find_parting(root, revision.commit)
        committed = _list_committed(root, base or revision.commit)
        tracked = run_git(root, *TRACKED)
        changed = frozenset((*committed, *uncommitted()))
    except GitError as error:
        message = f"`{OPTION}`: git cannot say what is changed since {name}: {error}"
        remedy = f"fetch it: `git fetch --depth=1 origin {revision.commit}`"
        raise PolicyError(Problem(message, remedy)) from None
    # Of the files that did not change nobody needs to look whether they are there.
    there = frozenset(path for path in changed if os.path.lexists(os.path.join(root, path)))
    # Each with its mode, its object and its stage, and behind a tab the path.
    entries = tracked.split(b"\0")
    manifests = _list_paths(entry for entry in entries if entry.endswith(NAME))
    known = {path for path in (*manifests, *there) if os.path.basename(path) == MANIFEST_NAME} - (changed - there)
    links = _list_paths(entry for entry in entries if entry.startswith(LINK))
    linked = follow_links(root, {*links, *(path for path in there if _is_link(root, path))}, changed)
    return Changes(revision, base or revision.commit, not base, changed, there, frozenset(known), linked)


def _list_paths(entries: Iterable[bytes]) -> list[str]:
    return [os.fsdecode(entry.partition(b"\t")[2]) for entry in entries]


def _is_link(root: str, path: str) -> bool:
    return os.path.islink(os.path.join(root, path))


def start(ask: Callable[[], T]) -> Callable[[], T]:
    """Begin to ask beside everything else; what is given back waits for the answer, and raises what asking did."""
    from threading import Thread

    answers: list[T] = []
    faults: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as fault:  # noqa: BLE001 - it is raised where the answer is wanted
            faults.append(fault)

    thread = Thread(target=run, daemon=True)
    thread.start()

    def wait() -> T:
        thread.join()
        if faults:
            raise faults[0]
        return answers[0]

    return wait


def _find_parting(root: str, commit: str) -> str:
    """The commit at which HEAD left the history of another one; empty where the clone does not reach so far."""
    # 1 says that there is none.
    found = run_git(root, "merge-base", commit, "HEAD", accepted=(0, 1)).decode("ascii").split()
    return found[0] if found else ""


def _list_committed(root: str, base: str) -> list[str]:
    output = read_git(root, *DIFF, base, "HEAD", "--", most=MOST_BYTES)
    if not output.whole:
        raise GitError(f"git lists more than {MOST_BYTES:,} bytes of changed files")
    return _split(output.text)[1::2]


def _list_uncommitted(root: str) -> list[str]:
    checkout = find_checkout(root, None)
    folders = [path for path in checkout.untracked if path.endswith("/")]
    files = [path for path in checkout.untracked if not path.endswith("/")]
    if folders:
        # git names folders that hold nothing else.
        files += _split(run_git(root, *LITERAL, "--others", "--exclude-standard", "--", *folders))
    return [*checkout.changed, *files]


def list_below(root: str, folders: Iterable[str]) -> list[str]:
    """The files below some folders that git tracks, or might. Raises PolicyError."""
    try:
        places = [folder or "." for folder in folders]
        return _split(run_git(root, *LITERAL, "--cached", "--others", "--exclude-standard", "--", *places))
    except GitError as error:
        raise PolicyError(_refuse(error)) from None


def search_naming(root: str, words: Sequence[str]) -> dict[str, str]:
    """Lines of files that may name data, by file, with one of the words in them; without any, all lines.

    Raises PolicyError.
    """
    patterns = [part for word in words or ("",) for part in ("-e", word)]
    places = [f":(top,glob)**/{name}" for name in NAMING]
    try:
        # 1 says that there is none.
        answer = run_git(root, *GREP, *patterns, "--", *places, accepted=(0, 1))
    except GitError as error:
        raise PolicyError(_refuse(error)) from None
    found: dict[str, list[str]] = {}
    for line in os.fsdecode(answer).split("\n"):
        file, _, text = line.partition("\0")
        found.setdefault(file, []).append(text)
    return {file: "\n".join(lines) for file, lines in found.items() if file}


def _refuse(error: GitError) -> Problem:
    message = f"`{OPTION}`: git cannot say which projects are touched: {error}"
    return Problem(message, "leave the option out")


def _split(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]
