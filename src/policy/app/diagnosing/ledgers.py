"""Whether the ledger answers, has the right form, is signed, and has the same time as this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from policy.app.diagnosing.findings import ERROR, OK, WARNING, Finding, tell_problems
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.records.ledger import Ledger

# Seconds by which two clocks may differ before what lasts for minutes is in doubt.
APART: Final = 30


def find_ledger(workspace: Workspace) -> Iterator[Finding]:
    """Whether the ledger answers, has the right form, is signed, and has the same time as this machine."""
    settings = workspace.policy_set.ledger
    if settings is None:
        yield Finding("ledger", OK, "the policy set names none: decisions are on no record")
        return
    from policy.records.faults import LedgerError
    from policy.records.ledger import open_ledger
    from policy.records.reach import is_away

    try:
        with open_ledger(settings.url, folder=settings.folder or ".", create=False) as ledger:
            size, _ = ledger.head()
            yield Finding("ledger", OK, f"{settings.url}: {size:,} entries")
            for problem in ledger.warnings:
                yield Finding("ledger", WARNING, problem.message, problem.remedy)
            last = next(iter(ledger.read("SELECT time FROM entries ORDER BY seq DESC LIMIT 1")), None)
            yield find_clock(last[0] if last else "")
            yield from find_keys(ledger.read("SELECT max(size) FROM checkpoints"), size)
            yield from find_notices(ledger)
    except PolicyError as error:
        away = isinstance(error, LedgerError) and is_away(error, settings.url, settings.folder or ".")
        # A server starts without one that is only down.
        starts = away and workspace.policy_set.mlflow is not None
        yield from tell_problems("ledger", error, WARNING if starts else ERROR)


def find_clock(last: str) -> Finding:
    """Whether this machine's clock is behind the last entry."""
    if last:
        behind = (datetime.fromisoformat(last) - datetime.now(UTC)).total_seconds()
        if behind > APART:
            message = f"this machine's clock is {behind:,.0f} seconds behind the last entry of the ledger, {last}"
            return Finding("clock", WARNING, message, "set the clocks: approvals and waivers end by them")
    return Finding("clock", OK, "not behind the ledger")


def find_keys(signed: list[tuple[int | None, ...]], size: int) -> Iterator[Finding]:
    """How much of the ledger a signed checkpoint covers."""
    covered = (signed[0][0] or 0) if signed else 0
    if not size:
        return
    if not covered:
        remedy = "`policy ledger key new`, then `policy ledger checkpoint`, from outside of the server"
        yield Finding("checkpoints", WARNING, "no checkpoint has been signed: the record could be rewritten", remedy)
    else:
        yield Finding("checkpoints", OK, f"signed up to entry {covered:,} of {size:,}")


def find_notices(ledger: Ledger) -> Iterator[Finding]:
    """Whether those who are told of requests take it."""
    from policy.language.phrases import count_words
    from policy.records.notices.sending import tally

    found = tally(ledger)
    if found.given_up:
        count = count_words(found.given_up, "notice")
        message = f"{count} of requests given up within a month; the last: {found.said}"
        yield Finding("webhooks", WARNING, message, "look at who is told, and at the log of the server")
    if found.waiting:
        yield Finding(
            "webhooks", OK, f"{count_words(found.waiting, 'notice')} to send, the oldest since {found.oldest}"
        )
