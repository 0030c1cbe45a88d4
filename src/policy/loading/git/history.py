"""The commits behind what is checked out: which files they changed, and what is not committed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.loading.git.bounded import read_git
from policy.loading.git.commands import GitError, run_git
from policy.plugins.history import Changes, Checkout, FileChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 32 * 1024 * 1024
# Nobody else's attributes, no signature to be verified by a program, and the same answer whatever is configured.
SETTINGS = (
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.follow=false"),
    *("-c", "log.date=default"),
    *("-c", "log.diffMerges=separate"),
    *("-c", "format.pretty=medium"),
    "--literal-pathspecs",
)
# Of a merge, the files that differ from those of all its parents: what it brings together was counted before.
LOG = (
    *("log", "-z", "--format=%H %at %P", "--raw", "-c", "--root", "--no-abbrev"),
    # A file that moved is one that is gone and one that is new; the side branches of a merge count, whoever asks.
    *("--no-renames", "--full-history", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes"),
)
STATUS = (
    *("status", "-z", "--porcelain=v2", "--branch", "--no-ahead-behind", "--no-renames"),
    *("--untracked-files=normal", "--ignored=no", "--ignore-submodules=dirty"),
)
FILTERS = ("config", "-z", "--name-only", "--get-regexp", r"^filter\.")


def list_changes(repository: str, paths: Sequence[str] | None) -> Changes:
    """The changes of files at and below the paths, or of all, in what leads to HEAD. Raises GitError."""
    asked = () if paths is None else tuple(paths)
    if paths is not None and not asked:
        return Changes(())
    try:
        output = read_git(repository, *SETTINGS, *LOG, "HEAD", "--", *asked, most=MOST_BYTES)
    except GitError:
        if run_git(repository, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", accepted=(0, 1)):
            raise
        return Changes(())
    commits = list(_read_commits(os.fsdecode(output.text), whole=output.whole))
    starts = {commit.name for commit in commits if not commit.parents}
    begins = starts & _list_boundary(repository) if starts else set()
    files = [
        FileChange(path, commit.time, old, new, commit.name in begins)
        for commit in commits
        for path, old, new in commit.files
    ]
    return Changes(tuple(files), output.whole)


class _Commit:
    """A commit of the log: its name, the time that its author gave it, its parents and the files it changed."""

    def __init__(self, header: str) -> None:
        self.name, time, *parents = header.split(" ")
        self.parents = [parent for parent in parents if parent]
        self.time = int(time) if time.removeprefix("-").isdecimal() and len(time) < 20 else None
        self.files: list[tuple[str, tuple[str, ...], str]] = []


def _read_commits(text: str, *, whole: bool) -> Iterator[_Commit]:
    """The commits of a log with `-z`, where each entry of a file is followed by its path, whatever that holds."""
    words = iter(text.split("\0")[:-1])
    commit = None
    for word in words:
        entry = word.lstrip("\n")
        if not entry:
            # Before the entries of a merge.
            continue
        if not entry.startswith(":"):
            if commit is not None:
                yield commit
            commit = _Commit(entry)
            continue
        path = next(words, None)
        # Before the first colon of an entry there is one for each parent.
        parents = len(entry) - len(entry.lstrip(":"))
        fields = entry.lstrip(":").split(" ")
        if commit is not None and path is not None:
            *old, new = (_name(field) for field in fields[parents + 1 : 2 * parents + 2])
            commit.files.append((path, tuple(old), new))
    # Of a log that was cut the last commit may lack files.
    if commit is not None and (whole or commit.files):
        yield commit


def _name(field: str) -> str:
    """The name of a content; empty where git writes that there is none."""
    return field if field.strip("0") else ""


def _list_boundary(repository: str) -> set[str]:
    """The commits with which a shallow clone begins."""
    asked = run_git(repository, "rev-parse", "--is-shallow-repository", "--git-path", "shallow")
    is_shallow, _, path = os.fsdecode(asked).removesuffix("\n").partition("\n")
    if is_shallow != "true":
        return set()
    try:
        with open(os.path.join(repository, path), encoding="ascii", errors="replace") as stream:
            return set(stream.read(MOST_BYTES).split())
    except OSError as error:
        raise GitError(f"the file of the clone's first commits cannot be read: {error.strerror}") from None


def find_checkout(repository: str, paths: Sequence[str] | None) -> Checkout:
    """HEAD, and what differs from it at and below the paths, or anywhere. Raises GitError.

    Filters do not run, so a file kept by Git LFS that was touched since it was checked out counts as changed.
    """
    settings = _disable_filters(repository)
    asked = () if paths is None else tuple(paths)
    output = read_git(repository, *SETTINGS, *settings, *STATUS, "--", *asked, most=MOST_BYTES)
    if not output.whole:
        raise GitError(f"git lists more than {MOST_BYTES:,} bytes of changed files")
    commit, changed, untracked = "", [], []
    for line in os.fsdecode(output.text).split("\0")[:-1]:
        kind, _, rest = line.partition(" ")
        if line.startswith("# branch.oid "):
            commit = line.rpartition(" ")[2].removeprefix("(initial)")
        elif kind == "?":
            untracked.append(rest)
        elif kind in ("1", "u"):
            changed.append(rest.split(" ", 7 if kind == "1" else 9)[-1])
    return Checkout(commit, tuple(changed), tuple(untracked))


def _disable_filters(repository: str) -> list[str]:
    """Settings without which `git status` would run what the repository's configuration names as filters."""
    listed = os.fsdecode(run_git(repository, *FILTERS, accepted=(0, 1)))
    names = {key.removeprefix("filter.").rpartition(".")[0] for key in listed.split("\0") if key.count(".") > 1}
    if any("=" in name for name in names):
        raise GitError("a filter of the repository has a name that cannot be switched off")
    return [
        word
        for name in sorted(names)
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
        for word in ("-c", f"filter.{name}.{key}={value}")
    ]


def list_ignored(repository: str, paths: Sequence[str]) -> frozenset[str]:
    """Those of the paths that git ignores. Raises GitError."""
    # As they are, names that begin with a colon would be patterns; and where git looks into its index, so would `*`.
    data = os.fsencode("".join(f"./{path}\0" for path in paths))
    answer = run_git(repository, "check-ignore", "-z", "--stdin", "--no-index", data=data, accepted=(0, 1))
    return frozenset(path.removeprefix("./") for path in os.fsdecode(answer).split("\0")[:-1])


def read_contents(repository: str, names: Sequence[str], most: int, total: int) -> dict[str, bytes]:
    """The contents of objects by their names; what is larger than `most` bytes, or is not there, is left out.

    So is what comes after `total` bytes. Raises GitError.
    """
    listed = run_git(repository, "cat-file", "--batch-check=%(objectsize)", data=_list_lines(names))
    sizes = dict(zip(names, listed.decode("ascii").splitlines(), strict=True))
    small = []
    for name, size in sizes.items():
        if size.isdecimal() and int(size) <= min(most, total):
            small.append(name)
            total -= int(size)
    if not small:
        return {}
    answer = run_git(repository, "cat-file", "--batch=", data=_list_lines(small))
    contents, start = {}, 0
    for name in small:
        # With an empty format, a line of its own stands before each content, and a line end after it.
        start = answer.index(b"\n", start) + 1
        contents[name] = answer[start : start + int(sizes[name])]
        start += int(sizes[name]) + 1
    return contents


def _list_lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("ascii")
