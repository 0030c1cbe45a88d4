"""Whether two names are one person: generously where somebody is barred, strictly where somebody is entitled.

Nobody can tell from names alone. What bars catches case, spacing, order of words, accents, Unicode forms, invisible
characters, Cyrillic and Greek letters that look Latin, `os:` and host, and an address beside the user name in it. What
it cannot catch, such as `asmith` beside `Alice Smith`, a policy set says under `approvals: {people: …}`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.model.approval import fold_name, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    People = Mapping[str, Sequence[str]]

SYSTEM: Final = "os:"
"""What begins the name of somebody of whom only the operating system says who it is."""

_NAMED_ADDRESS: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>\s*")
# How a forge writes the address of somebody who shows none: a number, and the user's name.
_NUMBERED: Final = re.compile(r"\d+\+")
_LETTERS: Final = re.compile(r"[^\W_]+")
# What nobody tells apart on a screen; after case folding, so that only small letters are left.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d\u0261\u0131"
    "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "abekmhopctyxsijdqwgi" + "aeikvoptux",
)


def name_user(user: str, host: str) -> str:
    """How somebody is called of whom the operating system says who it is: `os:alice@build1`."""
    return f"{SYSTEM}{user}@{host}"


def is_same(name: str, other: str, people: People | None = None) -> bool:
    """Whether two names may be one person: good enough to bar somebody, never to let anybody in."""
    return bool(_list_keys(name, people) & _list_keys(other, people))


def is_any(name: str, others: Iterable[str], people: People | None = None) -> bool:
    """Whether a name may be one of these people."""
    keys = _list_keys(name, people)
    return any(keys & _list_keys(other, people) for other in others)


def is_member(name: str, members: Iterable[str], people: People | None = None) -> bool:
    """Whether somebody is certainly named among `members`, by this name or by one that `people` says is theirs."""
    if not is_plain(name):
        return False
    known = set(_spell(name))
    for person, others in (people or {}).items():
        spelled = {spelling for text in (person, *others) for spelling in _spell(text)}
        # An address or a handle that only looks like a name of theirs entitles nobody.
        if known & spelled:
            known |= spelled
            break
    return any(_fold(member) in known for member in members)


def _spell(name: str) -> Iterator[str]:
    """A name, and of one that the operating system gives also that without the host, and the user's alone."""
    folded = _fold(name)
    yield folded
    if folded.startswith(SYSTEM):
        user = folded.removeprefix(SYSTEM).rpartition("@")[0] or folded.removeprefix(SYSTEM)
        yield f"{SYSTEM}{user}"
        yield user


def _fold(name: str) -> str:
    return fold_name(name).removeprefix("@")


def _list_keys(name: str, people: People | None) -> frozenset[str]:
    keys = frozenset(_make_keys(name))
    for person, others in (people or {}).items():
        known = frozenset(key for text in (person, *others) for key in _make_keys(text))
        if keys & known:
            keys |= known
    return keys


def _make_keys(name: str) -> Iterator[str]:
    """What two names of one person have in common: their words in any order, the user's part of an address."""
    named = _NAMED_ADDRESS.fullmatch(name)
    if named is not None:
        yield from _make_keys(named["name"])
        yield from _make_keys(named["address"])
        return
    folded = _simplify(name).removeprefix(SYSTEM)
    user, at, _ = folded.rpartition("@")
    if at and user:
        # The same person writes from several addresses, and is `alice` on every machine.
        folded = _NUMBERED.sub("", user, count=1).partition("+")[0] or user
    words = _LETTERS.findall(folded)
    if words:
        yield "".join(words)
        yield " ".join(sorted(words))
    elif folded:
        yield folded


def _simplify(name: str) -> str:
    """A name without accents, invisible characters and letters of other scripts that look the same."""
    folded = fold_name(name)
    if folded.isascii():
        return folded
    from unicodedata import category, normalize

    bare = "".join(letter for letter in normalize("NFKD", folded) if category(letter) not in ("Mn", "Cf"))
    return " ".join(bare.casefold().translate(_LOOK_ALIKES).split())
