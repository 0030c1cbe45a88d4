"""A tree of a repository in a folder of its own, written so that nothing in the repository can run or interfere.

The folder is a small repository, too: it borrows the objects and names of the real one, and has a configuration of
its own. So no filter, hook or other program that a configuration or a pushed .gitattributes names is ever started,
and every file of the tree is listed, whatever it has ignored or marked with `export-ignore`.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from policy.loading.git.commands import GitError
from policy.loading.git.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.loading.git.repositories import Entry

# Bytes as they were committed: no filters (Git LFS is one), no other line ends, no other encoding.
ATTRIBUTES = "* !filter !ident !eol !working-tree-encoding -text\n"
CONFIGS = {
    "sha1": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
    "sha256": "[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectformat = sha256\n",
}
NO_CONFIGURATION = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_CONFIG_SYSTEM": os.devnull,
}
BORROWED = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


def start_snapshot(folder: str, repository: Repository, head: str) -> Repository:
    """An empty folder as a repository that borrows from another; its HEAD is that commit. Raises GitError."""
    if repository.object_format not in CONFIGS:
        raise GitError(f"nothing is known of the object format {repository.object_format}")
    inner = os.path.join(folder, ".git")
    objects = os.path.join(inner, "objects")
    _write(inner, "config", CONFIGS[repository.object_format])
    _write(inner, "HEAD", f"{head}\n" if head else "ref: refs/heads/main\n")
    _copy_references(repository, inner)
    _write(inner, "info/attributes", ATTRIBUTES)
    # While a push is received, its objects borrow from those that were there before.
    borrowed = repository.variables.get(BORROWED, "")
    lenders = [repository.objects, *(() if '"' in borrowed else filter(None, borrowed.split(os.pathsep)))]
    _write(inner, "objects/info/alternates", "".join(f"{lender}\n" for lender in lenders))
    variables = {**NO_CONFIGURATION, BORROWED: borrowed, "GIT_DIR": inner, "GIT_WORK_TREE": folder}
    return Repository(folder, variables, objects, repository.object_format)


def _copy_references(repository: Repository, inner: str) -> None:
    """Let every name stand for what it stands for in the repository."""
    listed = os.fsdecode(repository.ask("for-each-ref", "--format=%(objectname) %(refname) %(symref)"))
    os.makedirs(os.path.join(inner, "refs"))
    packed = []
    for line in listed.splitlines():
        name, reference, target = line.split(" ")
        if target:
            _write(inner, reference, f"ref: {target}\n")
        else:
            packed.append(f"{name} {reference}\n")
    _write(inner, "packed-refs", "".join(packed))


def _write(folder: str, name: str, text: str) -> None:
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        stream.write(text)


def stage_tree(repository: Repository, snapshot: Repository) -> str:
    """The tree that a commit of the repository's index would have, among the snapshot's objects. Raises GitError.

    It is made from a copy, and not by the repository: git would run filters there, to see what is out of date.
    """
    inner = snapshot.variables["GIT_DIR"]
    shared = os.fsdecode(repository.ask("rev-parse", "--shared-index-path")).removesuffix("\n")
    if shared:
        path = os.path.join(repository.folder, shared)
        shutil.copyfile(path, os.path.join(inner, os.path.basename(path)))
    copy = os.path.join(inner, "staged")
    index = repository.ask_path("index")
    if os.path.exists(index):
        shutil.copyfile(index, copy)
    asked = snapshot._replace(variables={**snapshot.variables, "GIT_INDEX_FILE": copy})
    return asked.ask("write-tree", "--missing-ok").decode("ascii").strip()


def write_files(snapshot: Repository, entries: Iterable[Entry]) -> None:
    """Write the entries below the snapshot's folder, and list them in its index. Raises GitError."""
    kept = list(entries)
    index = "".join(f"{entry.mode} {entry.object}\t{entry.path}\0" for entry in kept)
    snapshot.ask("update-index", "-z", "--index-info", data=os.fsencode(index))
    paths = "".join(f"{entry.path}\0" for entry in kept)
    snapshot.ask("checkout-index", "-q", "-z", "--stdin", data=os.fsencode(paths))
    missing = [entry.path for entry in kept if not os.path.lexists(os.path.join(snapshot.folder, entry.path))]
    if missing:
        raise GitError(f"git has not written {missing[0]}")
