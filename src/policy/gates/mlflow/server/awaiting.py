"""A worker that cannot start while others serve: it waits, for the server goes on without it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from policy.errors import PolicyError
from policy.gates.mlflow.server.workers import is_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Started = TypeVar("Started")
LOG: Final = logging.getLogger("policy.mlflow")
# Seconds after which it is tried again.
AGAIN: Final = 1.0
ENDS: Final = (signal.SIGTERM, signal.SIGINT)


def await_start(start: Callable[[], Started]) -> Started:
    """What a function makes, tried until it does. Raises its PolicyError where no other worker serves (any more)."""
    said, parent = "", os.getppid()
    with end_at_once():
        while True:
            try:
                return start()
            except PolicyError as error:
                if not is_served():
                    raise
                if str(error) != said:
                    said = str(error)
                    LOG.error("this worker waits, and others serve by what was in force before: %s", said)  # noqa: TRY400 - the problem says it all
            time.sleep(AGAIN)
            if os.getppid() != parent:
                sys.exit(2)


@contextmanager
def end_at_once() -> Iterator[None]:
    """Have signals end the process: the server in it, which would wait for its own start, has nothing to finish."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
