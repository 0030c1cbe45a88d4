"""What advising gives: the approaches ranked, with the policies that speak for and against each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from policy.model.decision import Subject
    from policy.model.money import Money

# How far a project came with an approach, by its own word.
SUFFICIENT, INSUFFICIENT, MEASURED, UNTRIED = "sufficient", "insufficient", "measured", "untried"
STANDINGS: Final = (SUFFICIENT, INSUFFICIENT, MEASURED, UNTRIED)
# It met the need · policies name it · they do, and something cheaper comes first · none names it · it was tried and
# fell short · a policy would hold or block the project.
KEEP, TRY, WAIT, SILENT, SPENT, STOPPED = "keep", "try", "wait", "silent", "spent", "stopped"
# Best first.
GRADES: Final = (KEEP, TRY, WAIT, SILENT, SPENT, STOPPED)
STOPPING: Final = ("hold", "block")


class Voice(NamedTuple):
    """A policy that fails `under` some approaches, and so speaks against them and for those that it names instead."""

    policy: str
    title: str
    severity: str
    effect: str
    message: str
    instead: tuple[str, ...]
    fix: str
    under: tuple[str, ...]

    @property
    def stops(self) -> bool:
        """Whether the project would be held or blocked."""
        return self.effect in STOPPING


class Ranked(NamedTuple):
    """One approach: its grade, and every policy that has a part in it.

    `passed` would send the project elsewhere and are met; `unsettled` cannot be judged yet; `excused_by` say that
    the approach is not needed; `after` are the cheaper ones that come first.
    """

    approach: str
    grade: str
    standing: str
    in_favour: tuple[Voice, ...] = ()
    against: tuple[Voice, ...] = ()
    passed: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    excused_by: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Rung(NamedTuple):
    """An approach on the way up, and the policies that call for it by the time that one gets there."""

    approach: str
    policies: tuple[str, ...]


class Change(NamedTuple):
    """What one answer would make the best approach; None where none could be recommended any more."""

    answer: str
    best: str | None


class Question(NamedTuple):
    """A fact that is not known, the policies that wait for it, how to settle it, and what answers would change."""

    fact: str
    about: str
    policies: tuple[str, ...]
    settle: str
    changes: tuple[Change, ...] = ()


class Price(NamedTuple):
    """One price behind a cost: what it buys, who says so, and on which day; a price of the manifest has no day."""

    what: str
    amount: Money
    source: str
    date: date | None


class Cost(NamedTuple):
    """What one approach would cost: the first run, a month, an update; None is not known, and `missing` says why.

    `lacks` says it of each amount by itself: `run`, `month` or `update`, and what is missing for it.
    """

    approach: str
    variant: str
    run: Money | None
    month: Money | None
    update: Money | None
    assumptions: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    missing: tuple[str, ...] = ()
    lacks: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Fault(NamedTuple):
    """A policy that could not be judged, and why."""

    policy: str
    message: str


class Advice(NamedTuple):
    """Which approach a project should take; `best` is None where nothing can be recommended.

    Without policies that tell approaches apart `ranked` is empty. `standings` tell of each approach, cheapest first,
    how far the project came with it; `ladder` is what to try from here on, one after the other.
    """

    subject: Subject
    present: str | None
    best: str | None
    ranked: tuple[Ranked, ...]
    standings: tuple[tuple[str, str], ...]
    ladder: tuple[Rung, ...]
    questions: tuple[Question, ...]
    costs: tuple[Cost, ...]
    faults: tuple[Fault, ...]
    time: str
    policy_set: str
    engine: str
