"""The thread of each worker that sends notices: what waits is in the ledger's database, so that any worker may send it.

It begins in the process that serves, and ends with it; a try that is broken off so is made again, by whoever is there.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError
from policy.gates.mlflow.server.webhooks.rounds import Round

if TYPE_CHECKING:
    from policy.gates.mlflow.server.guard import Guard

LOG: Final = logging.getLogger("policy.mlflow")
# Seconds between two looks at what has happened.
PAUSE: Final = 5.0
# So long the end of a worker waits for a try.
PATIENCE: Final = 2.0


class Sender:
    """Sends for one guard; `start` again in a process that was forked begins a thread there."""

    def __init__(self, guard: Guard, pause: float = PAUSE) -> None:
        self.round = Round(guard)
        self._pause = pause
        self._process = 0
        self._begin()

    def _begin(self) -> None:
        self._ended = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to send, once a process."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        # What a parent has told its own thread is not for this one.
        self._begin()
        with suppress(PolicyError):
            self.round.begin()
        self._thread = Thread(target=self._run, name="policy-webhooks", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End it, after the try that is under way where that does not take long."""
        self._ended.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        said = ""
        while not self._ended.is_set():
            try:
                self.round.run(self._ended.is_set)
                said = ""
            except PolicyError as error:
                # Once, and not every few seconds while it lasts.
                if str(error) != said:
                    LOG.error("nobody is told of requests while this lasts: %s", error)  # noqa: TRY400 - the problem says it all
                said = str(error)
            except Exception:
                LOG.exception("nobody was told of requests; it is tried again")
            self._ended.wait(self._pause * random.uniform(0.8, 1.2))  # noqa: S311 - so that workers take turns
