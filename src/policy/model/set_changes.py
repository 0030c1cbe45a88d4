"""What differs between two policy sets, and what becomes of the projects that both judge."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from policy.model.gates import VERDICTS
from policy.structs import NamedTuple

T = TypeVar("T")
U = TypeVar("U")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.errors import Location
    from policy.model.decision import Subject

    Pair = tuple[T, T]

# What a change does to those who are judged; `unclear` where it cannot be told in general, or it does both.
STRICTER, MILDER, NEITHER, UNCLEAR = DIRECTIONS = ("stricter", "milder", "neither", "unclear")
ADDED, REMOVED, CHANGED = ("added", "removed", "changed")
SAME, GONE, NEW = (" ", "-", "+")


class Line(NamedTuple):
    """A line of a text that is compared: its sign is a space, `-` for the old text only, `+` for the new one only."""

    sign: str
    text: str


class Change(NamedTuple):
    """One thing that differs: `key` is what a file calls it, `old` and `new` are its values as texts, None for none.

    `gates` are those at which it differs, where it depends on them; `lines` compare what is longer than a value.
    Positions are those of the layers that set the values; without one a value is the policy's own word or a default.
    """

    key: str
    old: str | None
    new: str | None
    direction: str = NEITHER
    gates: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    old_at: Location | None = None
    new_at: Location | None = None


class PolicyChange(NamedTuple):
    """A policy that is added, removed or changed; `wording` changes no outcome."""

    policy: str
    title: str
    change: str
    direction: str
    changes: tuple[Change, ...] = ()
    wording: tuple[Change, ...] = ()


class WaiverChange(NamedTuple):
    """A waiver that is added, removed or changed; `name` is its id, if it has one."""

    policy: str
    subject: str
    name: str
    change: str
    direction: str
    changes: tuple[Change, ...] = ()


class SetChanges(NamedTuple):
    """All that differs; `makeup` is what the sets consist of, and `known` all policies that either has."""

    policies: tuple[PolicyChange, ...] = ()
    settings: tuple[Change, ...] = ()
    waivers: tuple[WaiverChange, ...] = ()
    makeup: tuple[Change, ...] = ()
    known: int = 0

    @property
    def in_meaning(self) -> tuple[PolicyChange, ...]:
        """The policies that differ in more than wording."""
        return tuple(found for found in self.policies if found.change != CHANGED or found.changes)

    @property
    def has_meaning(self) -> bool:
        """Whether the two may judge anything otherwise."""
        return bool(self.in_meaning or self.settings or self.waivers)

    def list_directions(self) -> Iterator[str]:
        """That of every change of meaning."""
        yield from (found.direction for found in self.in_meaning)
        yield from (found.direction for found in self.settings)
        yield from (found.direction for found in self.waivers)


class Responsible(NamedTuple):
    """A policy that comes out otherwise: its outcomes, and what each does or would do; None where it is not judged."""

    policy: str
    old: str | None
    new: str | None
    old_effect: str | None = None
    new_effect: str | None = None


class VerdictChange(NamedTuple):
    """A subject that both policy sets judge, its two verdicts, and the policies that come out otherwise."""

    subject: Subject
    old: str
    new: str
    policies: tuple[Responsible, ...]


class Unjudged(NamedTuple):
    """A file of which at least one policy set (`by`: OLD, NEW or both) can judge nothing, and why."""

    file: str
    by: str
    why: str


class VerdictCounts:
    """How many subjects go from which verdict to which; `otherwise` of them keep theirs and have other outcomes."""

    def __init__(self) -> None:
        self.transitions: Counter[tuple[str, str]] = Counter()
        self.otherwise = 0

    def count(self, old: str, new: str, *, otherwise: bool) -> None:
        """Add one subject."""
        self.transitions[old, new] += 1
        self.otherwise += otherwise and old == new

    @property
    def judged(self) -> int:
        """All subjects."""
        return self.transitions.total()

    @property
    def unchanged(self) -> int:
        """Those that keep their verdict."""
        return sum(count for (old, new), count in self.transitions.items() if old == new)

    def count_harder(self, verdict: str) -> int:
        """Those that get this verdict and had a milder one."""
        return sum(self.transitions[old, verdict] for old in VERDICTS[: VERDICTS.index(verdict)])

    @property
    def freed(self) -> int:
        """Those that get a milder verdict."""
        return sum(count for (old, new), count in self.transitions.items() if VERDICTS.index(new) < VERDICTS.index(old))


def make_change(
    key: str,
    texts: Pair[str | None],
    direction: str = NEITHER,
    *,
    gates: tuple[str, ...] = (),
    lines: tuple[Line, ...] = (),
    places: Pair[Location | None] = (None, None),
) -> Change:
    """A change from pairs, the old one of each first."""
    return Change(key, texts[0], texts[1], direction, gates, lines, places[0], places[1])


def both(find: Callable[[T], U], pair: Pair[T]) -> Pair[U]:
    """The same question about the old and the new."""
    return find(pair[0]), find(pair[1])


def combine_directions(directions: Iterable[str]) -> str:
    """What several changes do together."""
    found = {direction for direction in directions if direction != NEITHER}
    return found.pop() if len(found) == 1 else UNCLEAR if found else NEITHER


def point(sign: int | None) -> str:
    """The direction of a sign: 1 is stricter, -1 milder, None unclear."""
    return {1: STRICTER, -1: MILDER, 0: NEITHER}[sign] if sign is not None else UNCLEAR
