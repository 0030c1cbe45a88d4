"""Lines and columns of offsets in a file that goes by in windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.evidence.scan.windows import Window

_CONTINUATIONS = bytes(range(0x80, 0xC0))


class LineCounter:
    """Counts the lines and characters before the window that is looked at."""

    def __init__(self) -> None:
        self._line = 1
        self._column = 1

    def locate(self, window: Window, at: int) -> tuple[int, int]:
        """Line and column of a byte of the window, from 1, in characters of UTF-8."""
        passed = window.data[window.start : at]
        breaks = passed.count(b"\n")
        column = _count_characters(passed[passed.rfind(b"\n") + 1 :])
        return self._line + breaks, column + (1 if breaks else self._column)

    def pass_by(self, window: Window) -> None:
        """Go on to the next window."""
        self._line, self._column = self.locate(window, window.end)


def _count_characters(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATIONS))
