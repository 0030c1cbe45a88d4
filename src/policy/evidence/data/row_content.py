"""What the rows of a data file hold, gathered while they are read: text, empty rows, the longest row, hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.data.json_text import read_line_value
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.evidence.data.duplicates import RowHashes
    from policy.evidence.data.row_codec import Codec
    from policy.evidence.tokens.sample import TextSample

SPACE = b" \t\r\n"
# Text is measured in each of the first rows and in every short one, then in one of so many: its length
# serves an estimate only, and measuring every row would cost a fifth more of the time.
MEASURED_ROWS = 4096
SHORT_ROW = 256
SAMPLED_ROWS = 16
_TOGETHER = 128


class Content(NamedTuple):
    """Characters of text, rows without any value, and the bytes of the longest row as it is written.

    Text is what stands in string values, not keys, numbers and punctuation. A row is empty where all its values
    are null, blank strings, empty lists or empty objects; rows of more than 255 bytes are not taken for empty.
    """

    characters: int
    empty_rows: int
    longest_row: int


class RowCount:
    """Counts rows that are sound, and keeps nothing of them; `misread` where other rows were taken than there are."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.rows = 0
        self.misread = False

    def take_lines(self, lines: Sequence[bytes], number: int, end: bytes = b"") -> None:
        """Take the lines from line `number` on, which were ended by `end`; raises BrokenTextError."""
        try:
            for line in lines:
                self.codec.decode(line)
            self.rows += len(lines)
        except (ValueError, RecursionError):
            self.rows += len(self._read_slowly(lines, number, end))

    def take_text(self, text: str) -> None:
        """Take one element of an array, which is known to be sound."""
        self.rows += 1

    def take_value(self, value: Any, size: int) -> None:
        """Take one row that was written in so many bytes."""
        self.rows += 1

    def _read_slowly(self, lines: Sequence[bytes], number: int, end: bytes) -> list[Any]:
        """Read line by line, past blank ones; the standard library knows the place of what is wrong."""
        values = []
        for index, line in enumerate(lines):
            if line.strip(SPACE):
                try:
                    values.append(self.codec.decode(line))
                except (ValueError, RecursionError):
                    values.append(read_line_value(line + end, number + index))
        return values


class RowContent(RowCount):
    """Counts rows and measures them; hashes go to `hashes`, with the values to `show`, and values to `sample`."""

    def __init__(
        self,
        codec: Codec,
        hashes: RowHashes | None = None,
        show: Callable[[int, Any], None] | None = None,
        sample: TextSample | None = None,
    ) -> None:
        super().__init__(codec)
        self._hashes = hashes
        self._show = show
        self._sample = sample
        self._values: list[Any] = []
        self._sizes: list[int] = []
        self._gathered = 0
        self._longest = 0
        self._empty = 0
        self._characters = 0
        self._measured_bytes = 0
        # Of the long rows after the first: their bytes, and bytes and characters of those that were measured.
        self._bytes = 0
        self._sampled_bytes = 0
        self._sampled_characters = 0

    def take_lines(self, lines: Sequence[bytes], number: int, end: bytes = b"") -> None:
        """Take the lines from line `number` on, which were ended by `end`; raises BrokenTextError."""
        try:
            values = list(map(self.codec.decode, lines))
        except (ValueError, RecursionError):
            values = self._read_slowly(lines, number, end)
            lines = [line for line in lines if line.strip(SPACE)]
        self.rows += len(values)
        self._gather(values, list(map(len, lines)))

    def take_text(self, text: str) -> None:
        """Take one element of an array, which is known to be sound."""
        data = text.encode("utf-8", "surrogatepass")
        try:
            value = self.codec.decode(data)
        except (ValueError, RecursionError):
            value = read_line_value(data, 1)
        self.take_value(value, len(data))

    def take_value(self, value: Any, size: int) -> None:
        """Take one row that was written in so many bytes."""
        self.rows += 1
        self._values.append(value)
        self._sizes.append(size)
        if len(self._values) >= _TOGETHER:
            self._gather_waiting()

    def conclude(self) -> Content:
        """What was gathered; the characters of the rows that were not measured are those of the sample, scaled."""
        self._gather_waiting()
        characters = self._characters
        if self._sampled_bytes:
            characters += self._sampled_characters * self._bytes // self._sampled_bytes
        elif self._bytes:
            # Fewer long rows than one sample holds: their text is as dense as that of the first rows.
            characters += self._bytes * self._characters // max(self._measured_bytes, 1)
        return Content(characters, self._empty, self._longest)

    def _gather_waiting(self) -> None:
        values, sizes = self._values, self._sizes
        self._values, self._sizes = [], []
        self._gather(values, sizes)

    def _gather(self, values: list[Any], sizes: list[int]) -> None:
        """Measure and hash some rows; together, for most of the work is then done without stepping through them."""
        if not values:
            return
        first = self._gathered
        self._gathered += len(values)
        self._longest = max(self._longest, *sizes)
        if first < MEASURED_ROWS or min(sizes) < SHORT_ROW:
            for index, (value, size) in enumerate(zip(values, sizes, strict=True), first):
                self._measure(value, size, index)
        else:
            self._bytes += sum(sizes)
            start = -first % SAMPLED_ROWS
            self._sampled_bytes += sum(sizes[start::SAMPLED_ROWS])
            self._sampled_characters += sum(map(count_characters, values[start::SAMPLED_ROWS]))
        if self._sample is not None:
            self._sample.take(values)
        if self._hashes is not None or self._show is not None:
            self._hash(values)

    def _measure(self, value: Any, size: int, index: int) -> None:
        if index < MEASURED_ROWS or size < SHORT_ROW:
            self._characters += count_characters(value)
            self._measured_bytes += size
            if size < SHORT_ROW and _is_empty(value):
                self._empty += 1
            return
        self._bytes += size
        if not index % SAMPLED_ROWS:
            self._sampled_bytes += size
            self._sampled_characters += count_characters(value)

    def _hash(self, values: list[Any]) -> None:
        digests = list(map(hash, self.codec.encode(values)))
        if self._hashes is not None:
            self._hashes.extend(digests)
        if self._show is not None:
            for digest, value in zip(digests, values, strict=True):
                self._show(digest, value)


def count_characters(value: Any) -> int:
    """The characters in all strings of a value, keys not among them."""
    total = 0
    pending = [value]
    for item in pending:  # which grows on the way
        kind = type(item)
        if kind is str:
            total += len(item)
        elif kind is dict:
            pending += item.values()
        elif kind is list or kind is tuple:
            pending += item
    return total


def list_texts(value: Any) -> list[str]:
    """All strings of a value, keys not among them."""
    pending = [value]
    for item in pending:
        kind = type(item)
        if kind is dict:
            pending += item.values()
        elif kind is list or kind is tuple:
            pending += item
    return [item for item in pending if type(item) is str]


def _is_empty(value: Any) -> bool:
    pending = [value]
    for item in pending:
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item
        elif item is not None and not (isinstance(item, str) and not item.strip()):
            return False
    return True
