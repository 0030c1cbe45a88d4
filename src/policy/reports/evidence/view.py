"""What there is to say of one subject's evidence: entries, contradictions, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model.decision import ContradictionNote, Subject
    from policy.model.fact import Fact
    from policy.model.kinds import Kind


class Entry(NamedTuple):
    """What somebody states, what was observed, or what follows, at one path.

    A field of a record is named by the record's place in the list, `data.sources[0].rows`. It is `judged` where
    policies are judged on this value, and `contradicted` where another claim cannot be right beside it. `follows_from`
    are the paths that a derived value follows from, or its own path where several claims make it together.
    """

    path: str
    kind: Kind
    fact: Fact
    judged: bool
    contradicted: bool = False
    follows_from: tuple[str, ...] = ()


class Unknown(NamedTuple):
    """A fact that is not known: why, what would settle it, and the policies that ask for it of this subject."""

    path: str
    why: str
    settle: str
    policies: tuple[str, ...]


class EvidenceView(NamedTuple):
    """All evidence about one subject.

    `unavailable` holds, per path, why evidence that was sought could not be had, also where the fact is known
    otherwise. `unasked` is how many more facts are not known, for which no policy in force asks here.
    """

    subject: Subject
    entries: tuple[Entry, ...]
    contradictions: tuple[ContradictionNote, ...]
    unavailable: Mapping[str, str]
    unknown: tuple[Unknown, ...]
    unasked: int


class EvidenceContext(NamedTuple):
    """How evidence is shown; `show_path` turns a path relative to the root into one from the working folder."""

    show_path: Callable[[str], str]
    colour: bool = False


class Counts:
    """How much was shown, over all subjects."""

    def __init__(self) -> None:
        self.subjects = 0
        self.facts = 0
        self.contradictions = 0
        self.unknown = 0

    def add(self, view: EvidenceView) -> None:
        """Count one subject; of several claims about one fact, the fact."""
        self.subjects += 1
        self.facts += len({entry.path for entry in view.entries})
        self.contradictions += len(view.contradictions)
        self.unknown += len(view.unknown)
