"""From when to when decisions are judged again: a date, a time, or a duration that ends now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from policy.app.ends import parse_end
from policy.engine.recording import write_time
from policy.errors import PolicyError, Problem
from policy.language.cases import parse_time
from policy.model.kinds import DURATION, KindError

UNTIL: Final = "--until"
REMEDY: Final = "write a duration, 90d, a date, 2026-12-31, or a time with its zone, 2026-12-31T12:00:00Z"


def read_period(since: str, until: str | None, now: datetime) -> tuple[str, str]:
    """The first time, and the one before which all are, as decisions have them. Raises PolicyError.

    A day that it ends with is part of it.
    """
    first = _read(since, "--since", now)
    # Decisions have whole seconds, and those of this one are meant, too.
    last = now + timedelta(seconds=1) if until is None else _read(until, UNTIL, now)
    if first >= last:
        message = f"`--since {since}` is not before {f'`--until {until}`' if until is not None else 'now'}"
        raise PolicyError(Problem(message, "name an earlier time to begin with"))
    return write_time(first), write_time(last)


def _read(text: str, option: str, now: datetime) -> datetime:
    time = parse_end(text, option) if option == UNTIL else parse_time(text)
    if time is not None:
        return time
    try:
        return now - timedelta(milliseconds=DURATION.read(text, plain=True))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
    except KindError:
        raise PolicyError(Problem(f"`{option}`: `{text}` is neither a duration nor a time", REMEDY)) from None
