"""What a push brings, and by whose policies it is judged: never by those that it brings itself."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.loading.git.repositories import NOTHING, find_object, peel
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.loading.git.repositories import Repository

# Each is written out and judged; a mirror with more of them is no push that somebody waits for.
MOST_TIPS = 100
BRANCHES = "refs/heads/"


class Push(NamedTuple):
    """One reference that moves: where it was and where it goes, empty for nowhere."""

    reference: str
    old: str
    new: str


class Tip(NamedTuple):
    """A commit to judge, the references that come to it, and the commit whose policies count, with a name for it.

    Without a base the catalogue's own policies count, or those that the commit holds itself.
    """

    references: tuple[str, ...]
    commit: str
    base: str = ""
    base_name: str = ""


def read_received(lines: Iterable[str]) -> list[Push]:
    """What git tells a pre-receive hook: `old new reference`, at least once. Raises PolicyError."""
    split = _split(lines, 3, "pre-receive")
    if not split:
        message = "standard input names no reference that is pushed"
        raise NothingToJudgeError(Problem(message, "let git call it, as a hook"))
    return [Push(words[2], _read_name(words[0]), _read_name(words[1])) for words in split]


def read_outgoing(lines: Iterable[str]) -> list[Push]:
    """What git tells a pre-push hook: `local-reference local remote-reference remote`. Raises PolicyError."""
    return [Push(words[2], _read_name(words[3]), _read_name(words[1])) for words in _split(lines, 4, "pre-push")]


def _split(lines: Iterable[str], count: int, hook: str) -> list[list[str]]:
    split = [line.rstrip("\n").split(" ") for line in lines]
    if any(len(words) != count for words in split):
        message = f"standard input does not say what is pushed: a {hook} hook gets {count} words a line"
        raise PolicyError(Problem(message, "let git call it, as a hook"))
    return split


def _read_name(word: str) -> str:
    if not re.fullmatch("[0-9a-f]{40,64}", word):
        raise PolicyError(Problem(f"`{word[:80]}` is not the name of an object", "let git call this, as a hook"))
    return "" if NOTHING.fullmatch(word) else word


def list_tips(repository: Repository, pushes: Sequence[Push], *, by_base: bool) -> tuple[list[Tip], list[Problem]]:
    """What to judge, each commit once for each base, and a warning for what is no commit.

    With `by_base` the base of a branch is what it was; of anything new, and of a tag, the default branch. Raises
    GitError, and PolicyError for more tips than are judged.
    """
    arriving = [push for push in pushes if push.new]
    peeled = peel(repository, (push.new for push in arriving)) if arriving else {}
    tips: dict[tuple[str, str], Tip] = {}
    problems = []
    for push in arriving:
        kind, commit = peeled[push.new]
        if kind not in ("commit", "tree"):
            message = f"{push.reference} is a {kind} and holds no files: nothing of it is judged"
            problems.append(Problem(message, "", level="warning"))
            continue
        base, name = _find_base(repository, push) if by_base else ("", "")
        known = tips.get((commit, base), Tip((), commit, base, name))
        tips[commit, base] = known._replace(references=(*known.references, push.reference))
    if len(tips) > MOST_TIPS:
        message = f"{len(tips):,} commits are the tips of this push, and no more than {MOST_TIPS} are judged at once"
        raise PolicyError(Problem(message, "push fewer references at once"))
    return list(tips.values()), problems


def _find_base(repository: Repository, push: Push) -> tuple[str, str]:
    if push.old and push.reference.startswith(BRANCHES):
        return push.old, push.reference.removeprefix(BRANCHES)
    default = os.fsdecode(repository.ask("symbolic-ref", "--quiet", "HEAD", accepted=(0, 1))).strip() or "HEAD"
    return find_object(repository, f"{default}^{{commit}}"), default.removeprefix(BRANCHES)
