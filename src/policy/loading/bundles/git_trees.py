"""One commit of a git repository elsewhere → the files of a bundle; there is no working tree, and nothing runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.loading.bundles.content import LARGEST_FILE, check_content, refuse_members
from policy.loading.bundles.names import find_fault, is_hidden
from policy.loading.git.commands import GitError, run_git
from policy.loading.git.repositories import LINK, Repository, list_tree, read_objects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.loading.bundles.reference import Reference
    from policy.loading.git.repositories import Entry

# The user's own configuration says how servers are reached and asked for credentials; this much of it is settled here.
SETTINGS: Final = (
    ("protocol.version", "2"),
    ("fetch.fsckObjects", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.followRedirects", "initial"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
)
# Many have git's configuration write one of the first two for the other.
PROTOCOLS: Final = {"https": "https:ssh", "ssh": "https:ssh", "file": "file"}
HELP: Final = "check the address, the commit and the network; git must be able to fetch it without a question"


def fetch_tree(reference: Reference) -> dict[str, bytes]:
    """The files at the reference's commit. Raises PolicyError."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="policy-", ignore_cleanup_errors=True) as made:
        folder = os.path.realpath(made)
        try:
            repository = _fetch_commit(folder, reference)
            return read_tree(repository, reference.commit, reference.name, reference.subdirectory)
        except GitError as error:
            message = f"`{reference.place}` was not fetched at {reference.commit}: {error}"
            raise PolicyError(Problem(message, HELP)) from None


def _fetch_commit(folder: str, reference: Reference) -> Repository:
    """A new repository with this commit and no history. Raises GitError."""
    address = reference.place.removeprefix("git+")
    scheme = address.partition(":")[0]
    form = "sha256" if len(reference.commit) == 64 else "sha1"
    # Templates may hold hooks.
    run_git(folder, "init", "--quiet", "--bare", "--template=", f"--object-format={form}", folder, variables={})
    repository = Repository(folder, {"GIT_DIR": folder}, os.path.join(folder, "objects"), form)
    chosen = [word for name, value in SETTINGS for word in ("-c", f"{name}={value}")]
    # A server that can, leaves out what is too large for a bundle anyway.
    how = (
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        f"--filter=blob:limit={LARGEST_FILE + 1}",
    )
    allowed = {**repository.variables, "GIT_ALLOW_PROTOCOL": PROTOCOLS[scheme]}
    with open(os.path.join(folder, "config"), "rb") as stream:
        before = stream.read()
    run_git(folder, *chosen, "fetch", *how, "--end-of-options", address, reference.commit, variables=allowed)
    # Else git would go and get what was left out, as soon as its size is asked for.
    with open(os.path.join(folder, "config"), "wb") as stream:
        stream.write(before)
    return repository


def read_tree(repository: Repository, commit: str, shown: str, subdirectory: str = "") -> dict[str, bytes]:
    """The files of a commit, or of one folder in it, by path. Raises PolicyError and GitError."""
    start = f"{subdirectory}/" if subdirectory else ""
    listed = (entry for entry in list_tree(repository, commit) if entry.path.startswith(start))
    entries = {path: entry for entry in listed if not is_hidden(path := entry.path.removeprefix(start))}
    faults = [f"`{path}` {fault}" for path, entry in entries.items() if (fault := _find_fault(path, entry))]
    if faults:
        raise refuse_members(shown, faults, "put a file in its place in the repository, and pin that commit")
    check_content({path: max(entry.size, 0) for path, entry in entries.items()}, shown)
    contents = read_objects(repository, (entry.object for entry in entries.values()))
    _check_complete(entries.values(), contents)
    return {path: contents[entry.object] for path, entry in entries.items()}


def _find_fault(path: str, entry: Entry) -> str:
    if entry.mode == LINK:
        return "is a link"
    if entry.size < 0:
        return f"is larger than {LARGEST_FILE // 1024**2} MiB, or missing"
    return find_fault(path)


def _check_complete(entries: Iterable[Entry], contents: dict[str, bytes]) -> None:
    for entry in entries:
        if entry.object not in contents:
            raise GitError(f"the content of {entry.path} did not come with it")
