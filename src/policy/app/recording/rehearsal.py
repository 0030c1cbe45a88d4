"""A run as at a time that has not come: it shows what will be, so that nothing is recorded and nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem

if TYPE_CHECKING:
    from datetime import datetime


def say_rehearsal(ledger: str, now: datetime) -> Problem:
    """What is said of it, once, where the gate has a ledger."""
    message = f"nothing is recorded in the ledger `{ledger}`, and nobody is asked: {now:%Y-%m-%d %H:%M} UTC is to come"
    return Problem(message, "leave `--effective-time` out to have decisions that count", level="warning")
