"""What an estimate from the history rests on, and why there is none, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.history.intervals import EARLIEST, FEWEST, write_day
from policy.model.fields import HISTORY
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.evidence.history.intervals import Interval

# Of a clock that ran ahead by more, no day is told.
_LATEST = 1 << 33


class Extent(NamedTuple):
    """What of the history was seen: whether all commits were read, when a shallow clone begins, what was unreadable."""

    whole: bool = True
    begins: int | None = None
    unread: int = 0


def say_basis(what: str, interval: Interval, extent: Extent) -> str:
    """How many changes over what time an estimate rests on."""
    span = f"{interval.changes} {what} between {write_day(interval.first)} and {write_day(interval.last)}"
    notes = _list_notes(interval, extent)
    return f"{HISTORY}: {span}{f' ({notes})' if notes else ''}"


def explain_few(what: str, interval: Interval, extent: Extent) -> str:
    """Why the changes that are known are too few for an estimate."""
    notes = _list_notes(interval, extent)
    aside = f"; {notes}" if notes else ""
    if not interval.changes:
        return f"{HISTORY} shows no {what} with their dates{aside}"
    seen = f"{interval.changes} {what}" if interval.changes > 1 else f"one of the {what}"
    days = " and ".join(dict.fromkeys((write_day(interval.first), write_day(interval.last))))
    return f"{HISTORY} shows only {seen} ({days}), and an interval takes {FEWEST}{aside}"


def _list_notes(interval: Interval, extent: Extent) -> str:
    notes = []
    if extent.begins is not None:
        day = f" on {write_day(extent.begins)}" if EARLIEST <= extent.begins < _LATEST else ""
        notes.append(f"the clone is shallow and begins{day}: `git fetch --unshallow` brings the rest")
    if not extent.whole:
        notes.append("there are more commits than were read")
    if interval.undated:
        notes.append(f"{interval.undated} more without a date that can be right")
    if extent.unread:
        notes.append(f"{extent.unread} older or unreadable versions of DVC's files are left out")
    return "; ".join(notes)
