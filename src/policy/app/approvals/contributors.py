"""Who contributed to a project, and so does not approve it: git's authors of its files, and whom its manifest names."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.facts import Facts

MOST_BYTES = 4 * 1024 * 1024
# Names as .mailmap has them, and as they were written: whoever changes the project may change that file, too. Who is
# named as co-author has written it as well.
FORMAT = "--format=%aN <%aE>%n%an <%ae>%n%(trailers:key=Co-authored-by,valueonly,separator=%x0A)"


def list_contributors(root: str, facts: Facts) -> tuple[str, ...]:
    """Everybody who is named, once; `root` is the absolute folder that the subject's files are relative to."""
    subject = facts.subject
    folder = posixpath.dirname(subject.manifest) if subject.manifest else subject.training_config
    return tuple(dict.fromkeys((*list_owners(facts), *list_authors(os.path.join(root, folder or ".")))))


def list_owners(facts: Facts) -> tuple[str, ...]:
    """Whom the manifest names as its owners."""
    owners = (facts.values.get(path) for path in ("owner.contact", "owner.team"))
    return tuple(dict.fromkeys(name for name in owners if isinstance(name, str)))


def list_authors(path: str) -> Iterator[str]:
    """The authors of all commits that changed what is at and below a path, as `NAME <ADDRESS>`."""
    from policy.loading.git.bounded import read_git
    from policy.loading.git.commands import GitError, find_repository

    real = os.path.realpath(path)
    repository = find_repository(real)
    if repository is None:
        return
    inside = os.path.relpath(real, repository).replace(os.sep, "/")
    arguments = ("log", "--no-show-signature", "--use-mailmap", "--no-color", FORMAT, "HEAD", "--", inside)
    try:
        output = read_git(repository, "--literal-pathspecs", *arguments, most=MOST_BYTES)
    except GitError:
        return  # no commit yet
    for line in dict.fromkeys(output.text.decode(errors="replace").splitlines()):
        if line.strip():
            yield line.strip()
