"""Bytes → the calls that may be in them, told by the words of their names before anything is parsed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.plugins.contracts import TrainingCall

_WORD = re.compile(r"\w+")
# Of a module it is not said here what launches it.
_COMMAND = re.compile(r"\$ (?:python -m )?(\S+(?: \S+)?)")
# A name that somebody made up and not a word, which is in every other file.
_NAME = re.compile(rb"\w+[A-Z_]\w+|[A-Z]\w+")


class CallMarks(NamedTuple):
    """The calls with the words of each, and `sieve`: few words, of which each call's source holds at least one."""

    calls: tuple[tuple[TrainingCall, tuple[bytes, ...]], ...]
    sieve: tuple[bytes, ...]


@lru_cache(maxsize=8)
def make_marks(calls: tuple[TrainingCall, ...]) -> CallMarks:
    """The marks of some calls; kept, since every file of a run asks for the same."""
    listed = tuple((call, _list_words(call)) for call in calls)
    return CallMarks(listed, tuple(_choose_sieve([words for _, words in listed])))


def _list_words(call: TrainingCall) -> tuple[bytes, ...]:
    """Every word of the name, the rare ones first, for they decide soonest: long ones, and names of programs."""
    command = _COMMAND.fullmatch(call.name)
    if command:
        return tuple(word.encode() for word in _WORD.findall(command[1]))
    words = {word.encode() for word in _WORD.findall(f"{call.name} {call.beside}")}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _choose_sieve(calls: list[tuple[bytes, ...]]) -> Iterable[bytes]:
    """Few words so that each call has one of them, or one that holds it: `Trainer` stands for all trainers."""
    words = sorted({word for call in calls for word in call if word == call[0] or _NAME.fullmatch(word)})
    left = calls
    while left:
        best = max(words, key=lambda word: (sum(_holds(call, word) for call in left), len(word)))
        yield best
        left = [call for call in left if not _holds(call, best)]


def _holds(call: Sequence[bytes], word: bytes) -> bool:
    return any(word in part for part in call)


def select_calls(data: bytes, marks: CallMarks) -> list[TrainingCall]:
    """The calls of which every word occurs in the bytes, also where they are UTF-16."""
    if b"\0" in data[:4096]:
        data = data.replace(b"\0", b"")
    if not any(word in data for word in marks.sieve):
        return []
    return [call for call, words in marks.calls if all(word in data for word in words)]
