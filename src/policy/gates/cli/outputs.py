"""Reports on their way to standard output or a file: written as they come, worst first where a format asks for it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from policy.errors import PolicyError, Problem
from policy.gates.cli.spool import ERRORS, Spool
from policy.gates.cli.streams import say
from policy.model.gates import VERDICTS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.gates.cli.targets import Target

    Compose = Callable[[str, Iterator[str], str], Iterator[str]]


class Joining(Protocol):
    """How the pieces of a report are put together: all that is asked here of what makes them."""

    @property
    def separator(self) -> str:
        """What stands between two pieces."""

    @property
    def worst_first(self) -> bool:
        """Whether the pieces wait for the worst verdict."""


class Whole(NamedTuple):
    """A report that is written in one piece."""

    separator: str = ""
    worst_first: bool = False


class Output:
    """One report: its head at once, decisions as they come, and the tail when all are there.

    A file appears under its name only when it is whole. With `worst_first` the decisions wait by verdict; a reporter
    that composes its report gets all of it at the end. What cannot be written raises PolicyError.
    """

    def __init__(self, target: Target, reporter: Joining) -> None:
        self.reporter = reporter
        self.path = target.path
        self._compose: Compose | None = getattr(reporter, "compose", None)
        self._head = ""
        self._waiting: dict[str, Spool] = {}
        self._started = False
        self._part = ""
        self._stream = self._open(target.path) if target.path is not None else None

    def _open(self, path: str) -> TextIO:
        if os.path.isdir(path):
            raise PolicyError(Problem(f"`{path}` is a folder, not a file", "name a file in it"))
        try:
            # A pipe or a device is written to as it is: a file put in its place would not be what was asked for.
            if os.path.exists(path) and not os.path.isfile(path):
                return open(path, "w", encoding="utf-8", errors=ERRORS, newline="\n")
            # A link stays a link: what it leads to is replaced.
            part = f"{os.path.realpath(path)}.part-{os.urandom(4).hex()}"
            stream = open(part, "x", encoding="utf-8", errors=ERRORS, newline="\n")  # noqa: SIM115 - closed by `finish`
        except OSError as error:
            raise self._refuse(error, "name a file in a folder that can be written") from None
        self._part = part
        return stream

    def _refuse(self, error: OSError, remedy: str) -> PolicyError:
        return PolicyError(Problem(f"the report cannot be written to `{self.path}`: {error.strerror}", remedy))

    def start(self, text: str) -> None:
        if self._compose is None:
            self._write(text)
        else:
            self._head = text

    def add(self, verdict: str, text: str) -> None:
        """One decision's text."""
        if self._compose is not None or self.reporter.worst_first:
            self._waiting.setdefault(verdict, Spool()).add(text)
        else:
            self._write_decision(text)

    def finish(self, text: str) -> None:
        """Write what waited, and the tail."""
        if self._compose is not None:
            for part in self._compose(self._head, self._read_waiting(), text):
                self._write(part)
        else:
            for decision in self._read_waiting():
                self._write_decision(decision)
            self._write(text)
        self._close()

    def _close(self) -> None:
        if self._stream is None:
            return
        try:
            self._stream.close()
            if self._part:
                os.replace(self._part, os.path.realpath(str(self.path)))
                self._part = ""
        except OSError as error:
            raise self._refuse(error, "make room, or name another file") from None

    def _read_waiting(self) -> Iterator[str]:
        """The decisions that waited, those of the worst verdict first."""
        for verdict in reversed(VERDICTS):
            if verdict in self._waiting:
                yield from self._waiting[verdict].read()

    def _write_decision(self, text: str) -> None:
        self._write(self.reporter.separator + text if self._started else text)
        self._started = True

    def discard(self) -> None:
        """Let go of everything; nothing unfinished is left behind."""
        for spool in self._waiting.values():
            spool.close()
        if self._stream is not None:
            # What could not be written cannot be written when the file is closed either.
            with suppress(OSError):
                self._stream.close()
            if self._part:
                with suppress(OSError):
                    os.unlink(self._part)

    def _write(self, text: str) -> None:
        if self._stream is None:
            say(text, end="")
            return
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._refuse(error, "make room, or name another file") from None
