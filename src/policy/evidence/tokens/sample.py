"""The text of the training rows while it is little, and else of rows that are spread over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.data.row_content import list_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

# In characters. What is counted in full takes a second or two, and a sample a fraction of one.
WHOLE = 4 * 1024 * 1024
PART = 1024 * 1024
LONGEST_ROW = 16 * 1024
# What a string takes beside its characters: rows of many short ones are not kept without end.
_STRING = 32


class TextSample:
    """Keeps the strings of every row; as soon as that is too much, of every second one, then of every fourth.

    The same rows give the same sample, and memory stays flat. Of long rows a sample keeps the beginning. `digests` are
    those of the files that the rows are from.
    """

    def __init__(self) -> None:
        self.digests: list[str] = []
        self._rows: list[list[str]] = []
        self._step = 1
        self._seen = 0
        self._weight = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self._step == 1

    @property
    def texts(self) -> list[str]:
        """All strings, in the order of the rows."""
        return [text for row in self._rows for text in row]

    def take(self, values: Sequence[Any]) -> None:
        """Take the next rows."""
        first, self._seen = self._seen, self._seen + len(values)
        for index in range(-first % self._step, len(values), self._step):
            if not (first + index) % self._step:  # which may have grown on the way
                self._keep(list_texts(values[index]))

    def _keep(self, texts: list[str]) -> None:
        row = texts if self.is_whole else _clip(texts)
        self._rows.append(row)
        self._weight += _weigh(row)
        if self._weight > (WHOLE if self.is_whole else PART):
            self._thin_out()

    def _thin_out(self) -> None:
        if self.is_whole:
            self._rows = [_clip(row) for row in self._rows]
        while True:
            self._step *= 2
            self._rows = self._rows[::2]
            self._weight = sum(map(_weigh, self._rows))
            if self._weight <= PART or len(self._rows) == 1:
                return


def _weigh(texts: Sequence[str]) -> int:
    return sum(map(len, texts)) + _STRING * len(texts)


def _clip(texts: list[str]) -> list[str]:
    """The beginning of a long row."""
    kept, room = [], LONGEST_ROW
    for text in texts:
        if room <= 0:
            break
        kept.append(text[:room])
        room -= len(text) + _STRING
    return kept
