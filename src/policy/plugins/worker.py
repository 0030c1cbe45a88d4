"""A process that answers one question after the other, and is ended where it takes too long for one of them.

The near side asks with a `Worker`; the far side goes through `receive` and answers each question with `reply`.
"""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from policy.plugins.interpreter import end, give, start_interpreter, stop
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen
    from typing import BinaryIO
    from weakref import finalize

# No answer is longer: what says so does not speak as `reply` does.
LARGEST_ANSWER = 64 * 1024 * 1024
_LENGTH_BYTES = 8
_CHUNK = 64 * 1024
_LONGEST_POLL = 2**31 - 1


class NoAnswerError(Exception):
    """The process was ended because its time was up (`expired`), or has ended by itself with `code`."""

    def __init__(self, said: str, *, expired: bool, code: int) -> None:
        super().__init__(said)
        self.expired = expired
        self.code = code


class Worker:
    """A process that runs `target` (`module:function`); started with the first question, and anew after it has ended.

    It is told a `greeting`, where there is one, before the first question.
    """

    def __init__(self, target: str, greeting: object = None) -> None:
        self._target = target
        self._greeting = greeting
        self._running: _Running | None = None

    def ask(self, question: object, seconds: float) -> bytes:
        """The answer. Raises NoAnswerError, and OSError where the process cannot be started."""
        from threading import Event, Timer
        from time import monotonic

        expired = Event()
        process = self._start()
        deadline = monotonic() + seconds

        def give_up() -> None:
            expired.set()
            stop(process)

        # Writing would wait for ever, and on some systems reading; an ended process is at the end of what it says.
        timer = Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            give(process, question)
            said = _read_answer(process, deadline)
            # One that only closed its answers is still waited for, and not for ever.
            code = process.wait() if said is None else 0
        finally:
            timer.cancel()
        if said is not None and not expired.is_set():
            return said
        self.close()
        if expired.is_set():
            raise NoAnswerError(f"gave no answer within {seconds:g} s", expired=True, code=code)
        raise NoAnswerError("ended without an answer", expired=False, code=code)

    def _start(self) -> Popen[bytes]:
        if self._running is None:
            import weakref

            process = start_interpreter(self._target)
            # Nobody else would end it.
            self._running = _Running(process, weakref.finalize(self, end, process))
            if self._greeting is not None:
                give(process, self._greeting)
        return self._running.process

    def close(self) -> None:
        """End the process with all that it started."""
        if self._running is not None:
            self._running.end()
            self._running = None


class _Running(NamedTuple):
    process: Popen[bytes]
    end: finalize[..., Worker]


def _read_answer(process: Popen[bytes], deadline: float) -> bytes | None:
    """What the process answers; None where it ends before it has, or is too late."""
    if process.stdout is None:
        return None
    source = process.stdout.fileno()
    head = _read(source, _LENGTH_BYTES, deadline)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if not 0 < length <= LARGEST_ANSWER:
        stop(process)
        return None
    return _read(source, length, deadline)


def _read(source: int, length: int, deadline: float) -> bytes | None:
    """So many bytes; None where they end before, or do not come in time.

    The end of the process is not waited for: what it started may have left its group, and keep the pipe open.
    """
    said = bytearray()
    while len(said) < length:
        more = os.read(source, min(length - len(said), _CHUNK)) if _comes(source, deadline) else b""
        if not more:
            return None
        said += more
    return bytes(said)


def _comes(source: int, deadline: float) -> bool:
    """Wait until there is something to read, or until it is too late."""
    import select
    from time import monotonic

    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(source, select.POLLIN)
    # It waits for whole milliseconds, and for no more of them than fit into an int.
    return bool(poll.poll(min(max(deadline - monotonic(), 0) * 1000 + 1, _LONGEST_POLL)))


def receive(questions: BinaryIO) -> Iterator[Any]:
    """What the process is asked. As soon as nobody is there to ask, it ends, whatever it is doing.

    Whoever asks may be killed, and then nobody else would end what takes too long.
    """
    from queue import SimpleQueue
    from threading import Thread

    waiting: SimpleQueue[Any] = SimpleQueue()

    def listen() -> None:
        try:
            while True:
                waiting.put(pickle.load(questions))  # noqa: S301 - a pipe, from our own process
        finally:
            _leave()

    Thread(target=listen, daemon=True).start()
    while True:
        yield waiting.get()


def _leave() -> None:
    """End this process with all that it started."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        import signal

        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def reply(answers: BinaryIO, said: bytes) -> None:
    """Answer a question; what was printed comes first, for whoever has the answer may end this process at once."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    answers.write(len(said).to_bytes(_LENGTH_BYTES, "big") + said)
    answers.flush()


def limit_memory(mebibytes: int) -> None:
    """Let this process have no more memory than that, where the system can see to it, and leave no core behind."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        size = mebibytes << 20
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
