"""Texts that have to wait until others have been written: in memory, or when they are many, in a temporary file."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY = 1 << 20
# Names of files need not be text.
ERRORS = "backslashreplace"
# Each text in the file stands behind its length in bytes, a number of so many.
LENGTH = 8


class Spool:
    """Texts that are added one by one and read once."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def add(self, text: str) -> None:
        """Keep a text. Raises PolicyError where there is no room for it."""
        self._texts.append(text)
        self._size += len(text)
        if self._size > IN_MEMORY:
            try:
                self._move_to_file()
            except OSError as error:
                message = f"the decisions cannot be kept in a temporary file: {error.strerror or error}"
                raise PolicyError(Problem(message, "make room, or set TMPDIR to a folder that has some")) from None

    def _move_to_file(self) -> None:
        if self._file is None:
            from tempfile import TemporaryFile  # most reports are short, and it costs start-up

            self._file = TemporaryFile()  # noqa: SIM115 - see `close`
        for text in self._texts:
            data = text.encode(errors=ERRORS)
            self._file.write(len(data).to_bytes(LENGTH, "big") + data)
        self._texts.clear()
        self._size = 0

    def read(self) -> Iterator[str]:
        """Every text that was added, in their order."""
        if self._file is not None:
            self._file.seek(0)
            while length := self._file.read(LENGTH):
                yield self._file.read(int.from_bytes(length, "big")).decode()
        yield from self._texts

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
