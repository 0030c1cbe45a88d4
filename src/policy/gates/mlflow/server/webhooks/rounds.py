"""One round of a worker: notices are made of what has happened since, and what is due is sent."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Final

from policy.app.runs.webhook_secrets import read_secrets
from policy.gates.mlflow.server.webhooks.bodies import Writer
from policy.gates.mlflow.server.webhooks.posting import post
from policy.gates.mlflow.server.webhooks.signing import sign
from policy.records.notices import making, sending
from policy.records.notices.rows import DECIDED, DELIVERED, DROPPED, EXPIRING, GIVEN_UP, WAITING
from policy.records.requests.clock import read_clock
from policy.records.requests.expiring import expire_due

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policy.gates.mlflow.server.guard import Guard
    from policy.model.mlflow_settings import Webhook
    from policy.records.notices.rows import Notice

LOG: Final = logging.getLogger("policy.mlflow")
# After so many, or so many seconds, it is the next webhook's turn.
MOST: Final = 50
LONGEST: Final = 5.0
GONE: Final = 410
OUTCOMES: Final = {DELIVERED: "delivered", WAITING: "failed", GIVEN_UP: "given_up", DROPPED: "dropped"}
# Seconds between two looks at what is over.
CLEARED: Final = 3600.0


class Round:
    """`now` stands for the clock of the ledger's database."""

    def __init__(self, guard: Guard, now: Callable[[], datetime] | None = None) -> None:
        self._guard = guard
        self._ledger = guard.ledger
        self._now = now
        self._cleared = 0.0

    def begin(self) -> None:
        """Set the marks of webhooks that are new: what happens from now on is told. Raises PolicyError."""
        clock, marks = self._read_clock(), making.list_marks(self._ledger)
        for webhook in self._guard.panel.settings.webhooks:
            if making.is_forgotten(marks.get(webhook.id), clock):
                making.begin(self._ledger, webhook.id, clock)

    def run(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Make and send until nothing is due, or `is_over`. Raises PolicyError where the ledger fails."""
        self._guard.refresh()
        webhooks = self._guard.panel.settings.webhooks
        if not webhooks:
            return
        self.begin()
        self._expire(webhooks)
        self._make(webhooks)
        for webhook in random.sample(webhooks, len(webhooks)):
            self._send(webhook, is_over)
        self._clear_away()
        self._guard.keeper.metrics.waiting.set(sending.tally(self._ledger).waiting)

    def _expire(self, webhooks: tuple[Webhook, ...]) -> None:
        """Have it on record that nobody decided in time, for that is told as what was decided is: once."""
        if any(DECIDED in webhook.events for webhook in webhooks):
            for request in expire_due(self._ledger, self._read_clock(), self._now() if self._now is not None else None):
                LOG.info("the request %s is over: nobody decided in time", request)

    def _make(self, webhooks: tuple[Webhook, ...]) -> None:
        # The last entry is read before the marks: what is between them is committed.
        last, clock = making.find_last(self._ledger), self._read_clock()
        marks = making.list_marks(self._ledger)
        for webhook in webhooks:
            mark, writer = marks[webhook.id], Writer(self._guard.panel, webhook, self._ledger.id)
            while mark.seq < last or making.is_old(mark, clock):
                found, seq = making.list_happenings(self._ledger.read, mark, max(last, mark.seq))
                made = [writer.write(self._ledger, one) for one in found if one.event in webhook.events]
                if not making.move_mark(self._ledger, mark, seq, made, clock):
                    break
                mark = mark._replace(seq=seq, seen=clock)
            if EXPIRING in webhook.events:
                ending = making.list_ending(self._ledger.read, mark, clock, webhook.expiring_within)
                if ending:
                    made = [writer.write(self._ledger, one) for one in ending]
                    making.keep_notices(self._ledger, webhook.id, made, clock)

    def _send(self, webhook: Webhook, is_over: Callable[[], bool]) -> None:
        """Send what is due to one address, as long as it takes it."""
        end = time.monotonic() + LONGEST
        for _ in range(MOST):
            if time.monotonic() > end:
                return
            clock = self._read_clock()
            notice = None if is_over() else sending.claim(self._ledger, webhook.id, clock)
            if notice is None or not self._try(webhook, notice, clock):
                return

    def _try(self, webhook: Webhook, notice: Notice, clock: str) -> bool:
        """Whether more can be sent there."""
        if notice.event == EXPIRING and not sending.is_pending(self._ledger, notice.request, clock):
            sending.drop(self._ledger, notice, "somebody decided, or it is over")
            self._count(DROPPED)
            return True
        body, seconds = notice.body.encode(), int(time.time())
        answer = post(webhook.url, sign(read_secrets(webhook), notice.id, seconds, body), body)
        if answer.is_taken:
            sending.note_delivered(self._ledger, notice, answer.said)
            self._count(DELIVERED)
            LOG.info("%s was told that the request %s is %s", webhook.host, notice.request, notice.event)
            return True
        if answer.status == GONE:
            sending.give_up(self._ledger, notice, answer.said)
            state = GIVEN_UP
        else:
            state = sending.note_failed(self._ledger, notice, answer.said, self._read_clock(), random.random())  # noqa: S311 - to take turns
        self._count(state)
        said = "that is given up" if state == GIVEN_UP else "it is tried again"
        level = logging.ERROR if state == GIVEN_UP else logging.WARNING
        text = "%s was not told that the request %s is %s: it %s; %s"
        LOG.log(level, text, webhook.host, notice.request, notice.event, answer.said, said)
        return state == GIVEN_UP

    def _clear_away(self) -> None:
        if self._cleared and time.monotonic() - self._cleared < CLEARED:
            return
        self._cleared = time.monotonic()
        for _ in range(sending.clear_away(self._ledger, self._read_clock())):
            self._count(GIVEN_UP)

    def _count(self, state: str) -> None:
        self._guard.keeper.metrics.told.labels(OUTCOMES[state]).inc()

    def _read_clock(self) -> str:
        return read_clock(self._ledger, self._now() if self._now is not None else None)
