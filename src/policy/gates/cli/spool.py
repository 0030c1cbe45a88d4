"""Text that has to wait until others have been written: in memory, or when it is much, in a temporary file."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY = 1 << 20
# Names of files need not be text.
ERRORS = "backslashreplace"


class Spool:
    """Text that is added piece by piece and read once."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._file: IO[str] | None = None

    def add(self, text: str) -> None:
        """Keep a text. Raises PolicyError where there is no room for it."""
        self._pieces.append(text)
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

            self._file = TemporaryFile("w+", encoding="utf-8", errors=ERRORS, newline="")  # noqa: SIM115 - see `close`
        self._file.writelines(self._pieces)
        self._pieces.clear()
        self._size = 0

    def read(self) -> Iterator[str]:
        """Everything that was added, in its order."""
        if self._file is not None:
            self._file.seek(0)
            while block := self._file.read(IN_MEMORY):
                yield block
        yield from self._pieces

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
