"""Which of the staged scripts call what may start a fine-tuning, or did before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.evidence import builtin as evidence_builtin
from policy.evidence.source.marks import make_marks, select_calls
from policy.loading.git.repositories import find_head, read_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.loading.git.repositories import Change, Repository

# More are not asked about one by one: all of them count.
MOST = 2000


def find_calling(repository: Repository, scripts: Sequence[Change], *, any_call: bool) -> list[Change]:
    """The changes that concern a training, with `any_call` all, for nobody knows what starts one. Raises GitError.

    git looks through the files first: notebooks are large, and most of them train nothing.
    """
    if any_call or len(scripts) > MOST:
        return list(scripts)
    marks = make_marks(tuple(evidence_builtin.training_calls()))
    marked = _search(repository, [change.path for change in scripts], [word.decode() for word in marks.sieve])
    found = []
    for change in scripts:
        if change.path in marked:
            names = [name for name in (change.old, change.new) if name]
            if any(select_calls(text, marks) for text in read_objects(repository, names).values()):
                found.append(change)
    return found


def _search(repository: Repository, paths: Sequence[str], words: Sequence[str]) -> set[str]:
    """The paths whose content holds one of the words, as it is staged or in the commit before."""
    if not paths:
        return set()
    question = ("grep", "--no-recurse-submodules", "--full-name", "-a", "-l", "-z", "-F")
    patterns = [part for word in words for part in ("-e", word)]
    places = [f":(top,literal){path}" for path in paths]
    found: set[str] = set()
    for tree in filter(None, ("--cached", find_head(repository))):
        # 1 says that there is none.
        answer = repository.ask(*question, *patterns, tree, "--", *places, accepted=(0, 1))
        found.update(name.removeprefix(f"{tree}:") for name in os.fsdecode(answer).split("\0"))
    return found
