"""When something ends that is said as a day or as a time: a day is over with its last moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.language.cases import parse_time

if TYPE_CHECKING:
    from datetime import datetime

DATE: Final = len("2026-12-31")


def parse_end(text: str, option: str) -> datetime | None:
    """The first moment that is not part of it any more; None for what is no time. Raises PolicyError."""
    time = parse_time(text)
    if time is None or len(text) > DATE:
        return time
    try:
        return time + timedelta(days=1)
    except OverflowError:
        message = f"`{option}`: `{text}` is the last day of the calendar"
        raise PolicyError(Problem(message, "write an earlier one")) from None
