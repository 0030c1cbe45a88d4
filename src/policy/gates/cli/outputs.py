"""Where reports go: standard output or files, written as they come, worst first where a format asks for it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

from policy.errors import PolicyError, Problem
from policy.model.gates import VERDICTS

if TYPE_CHECKING:
    from policy.reports.reporter import Reporter

IN_MEMORY = 1 << 20


class Target(NamedTuple):
    """A format and where it goes; path None is standard output."""

    format: str
    path: str | None


def parse_targets(values: tuple[str, ...]) -> list[Target]:
    """`FMT` or `FMT=PATH`, several times; without any, text on standard output. Raises PolicyError."""
    targets = []
    for value in values or ("text",):
        name, separator, path = value.partition("=")
        if separator and not path:
            raise PolicyError(Problem(f"`--output {value}` names no file", f"write --output {name}=FILE"))
        targets.append(Target(name, path or None))
    places = [target.path for target in targets]
    if len(set(places)) < len(places):
        raise PolicyError(
            Problem("two reports go to the same place", "give each a file: --output json=report.json")
        )
    return targets


class Output:
    """One report on its way: its head at once, decisions as they come, and the tail when all are there.

    A file appears under its name only when it is whole. With `worst_first` the decisions wait by verdict, in
    memory or, when they are many, in temporary files.
    """

    def __init__(self, target: Target, reporter: Reporter) -> None:
        self.reporter = reporter
        self.path = target.path
        self._waiting: dict[str, TextIO] = {}
        self._count = 0
        self._stream = self._open()

    def _open(self) -> TextIO:
        if self.path is None:
            return sys.stdout
        try:
            return open(f"{self.path}.part-{os.getpid()}", "w", encoding="utf-8", newline="\n")  # noqa: SIM115
        except OSError as error:
            reason = f"the report cannot be written to `{self.path}`: {error.strerror}"
            raise PolicyError(Problem(reason, "name a file in a folder that can be written")) from None

    def start(self, text: str) -> None:
        self._write(text)

    def add(self, verdict: str, text: str) -> None:
        """One decision's text."""
        if self.reporter.worst_first:
            self._wait_for(verdict).write(text + self.reporter.separator)
        else:
            self._write(self.reporter.separator + text if self._count else text)
        self._count += 1

    def _wait_for(self, verdict: str) -> TextIO:
        if verdict not in self._waiting:
            from tempfile import SpooledTemporaryFile

            spool = SpooledTemporaryFile(max_size=IN_MEMORY, mode="w+", encoding="utf-8", newline="")  # noqa: SIM115
            self._waiting[verdict] = spool  # type: ignore[assignment]  # a text file but for its class
        return self._waiting[verdict]

    def finish(self, text: str) -> None:
        """Write what waited, and the tail."""
        for verdict in reversed(VERDICTS):
            spool = self._waiting.get(verdict)
            if spool is not None:
                spool.seek(0)
                while block := spool.read(IN_MEMORY):
                    self._write(block)
                spool.close()
        self._write(text)
        if self.path is None:
            self._flush()
            return
        self._stream.close()
        os.replace(self._stream.name, self.path)

    def discard(self) -> None:
        """Give up: nothing unfinished is left behind."""
        if self.path is not None and not self._stream.closed:
            self._stream.close()
            os.unlink(self._stream.name)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except BrokenPipeError:
            self._go_on_without_reader()
        except UnicodeEncodeError:
            # A terminal or pipe that is not UTF-8: what it cannot show is escaped.
            encoding = getattr(self._stream, "encoding", None) or "ascii"
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def _flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._go_on_without_reader()

    def _go_on_without_reader(self) -> None:
        """The reader has left, as `| head` does: the judging and its exit code stand all the same."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
