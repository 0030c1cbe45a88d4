"""Reports on their way to standard output or a file: written as they come, worst first where a format asks for it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

from policy.errors import PolicyError, Problem
from policy.gates.cli.streams import say
from policy.model.gates import VERDICTS

if TYPE_CHECKING:
    from policy.gates.cli.targets import Target
    from policy.reports.reporter import Reporter

IN_MEMORY = 1 << 20
# Names of files need not be text.
ERRORS = "backslashreplace"


class Output:
    """One report: its head at once, decisions as they come, and the tail when all are there.

    A file appears under its name only when it is whole. With `worst_first` the decisions wait by verdict, in
    memory or, when they are many, in temporary files. What cannot be written raises PolicyError.
    """

    def __init__(self, target: Target, reporter: Reporter) -> None:
        self.reporter = reporter
        self.path = target.path
        self._waiting: dict[str, TextIO] = {}
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
        self._write(text)

    def add(self, verdict: str, text: str) -> None:
        """One decision's text."""
        if self.reporter.worst_first:
            self._keep(verdict, text)
        else:
            self._write(self.reporter.separator + text if self._started else text)
            self._started = True

    def _keep(self, verdict: str, text: str) -> None:
        known = verdict in self._waiting
        try:
            if not known:
                from tempfile import SpooledTemporaryFile

                spool = SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", errors=ERRORS, newline="")  # noqa: SIM115
                self._waiting[verdict] = cast("TextIO", spool)
            self._waiting[verdict].write(self.reporter.separator + text if known else text)
        except OSError as error:
            message = f"the decisions cannot be kept in a temporary file: {error.strerror or error}"
            raise PolicyError(Problem(message, "make room, or set TMPDIR to a folder that has some")) from None

    def finish(self, text: str) -> None:
        """Write what waited, and the tail."""
        for verdict in reversed(VERDICTS):
            if verdict in self._waiting:
                self._write_waiting(self._waiting[verdict])
        self._write(text)
        if self._stream is None:
            return
        try:
            self._stream.close()
            if self._part:
                os.replace(self._part, os.path.realpath(str(self.path)))
                self._part = ""
        except OSError as error:
            raise self._refuse(error, "make room, or name another file") from None

    def _write_waiting(self, spool: TextIO) -> None:
        if self._started:
            self._write(self.reporter.separator)
        self._started = True
        spool.seek(0)
        while block := spool.read(IN_MEMORY):
            self._write(block)

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
