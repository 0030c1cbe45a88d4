"""Rows of comma- and tab-separated files: records after the header, whose quoted fields may hold line feeds."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

from policy.evidence.data.json_rows import skip_blank
from policy.evidence.data.json_text import LONGEST_VALUE, BrokenTextError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.data.byte_stream import ByteStream
    from policy.evidence.data.row_content import RowCount

_DELIMITERS = ",;\t|"
_MOST_FIELDS = 100_000
_MESSAGES = {"unexpected end of data": "a quoted field is not closed, and the file ends here"}


def count_records(stream: ByteStream, rows: RowCount, *, tabs: bool) -> int:
    """Count the records after the header, and give each to `rows`; raises BrokenTextError.

    The first record is the header, as `pandas` and `datasets` take it. The delimiter is that of `,`, `;`, tab and
    `|` which the header holds most of. A record with fewer fields than the header lacks the last ones; one with
    more is broken. Blank lines are no records.
    """
    source = _Lines(stream, skip_blank(stream))
    first = next(source, "")
    most = max("\t" + _DELIMITERS if tabs else _DELIMITERS, key=first.count)
    source.give_back(first)
    known = csv.field_size_limit(LONGEST_VALUE)
    try:
        _read_records(csv.reader(source, delimiter=most, strict=True), source, rows)
    except csv.Error as fault:
        message = _MESSAGES.get(str(fault), str(fault))
        raise BrokenTextError(message, source.begun, 1) from None
    finally:
        csv.field_size_limit(known)
    return rows.rows


def _read_records(records: Iterator[list[str]], source: _Lines, rows: RowCount) -> None:
    header: list[str] = []
    for record in records:
        if record and not header:
            header = _name_fields(record, source)
        elif record:
            if len(record) > len(header):
                message = f"the record has {len(record):,} fields, and the header {len(header):,}"
                raise BrokenTextError(message, source.begun, 1)
            rows.take_value(dict(zip(header, record, strict=False)), source.size)
        source.start_record()


def _name_fields(record: list[str], source: _Lines) -> list[str]:
    """The names of the fields; those that stand there twice stay two fields. Raises BrokenTextError."""
    if len(record) > _MOST_FIELDS:
        raise BrokenTextError(f"the header has more than {_MOST_FIELDS:,} fields", source.begun, 1)
    counts = Counter(record)
    return [name if counts[name] == 1 else f"{name}.{index}" for index, name in enumerate(record)]


class _Lines:
    """The lines of the file as text, with the size of those that the present record has taken."""

    def __init__(self, stream: ByteStream, number: int) -> None:
        self._stream = stream
        self._given = ""
        # The line that is next, and the one that the present record begins with.
        self._number = number
        self.begun = number
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._given:
            text, self._given = self._given, ""
            return text
        data = self._stream.read_line(LONGEST_VALUE + 1)
        if not data:
            raise StopIteration
        self.size += len(data)
        if self.size > LONGEST_VALUE:
            message = f"the record is longer than {LONGEST_VALUE // 1024**2} MiB: is a quote not closed?"
            raise BrokenTextError(message, self.begun, 1)
        self._number += 1
        return self._decode(data)

    def give_back(self, text: str) -> None:
        """Let this be the next line once more."""
        self._given = text

    def start_record(self) -> None:
        """What comes next belongs to another record."""
        self.begun = self._number
        self.size = 0

    def _decode(self, data: bytes) -> str:
        try:
            text = data.decode()
        except UnicodeDecodeError as fault:
            column = len(data[: fault.start].decode()) + 1
            raise BrokenTextError("the bytes here are not UTF-8 text", self._number - 1, column) from None
        if "\0" in text:
            raise BrokenTextError("there is a NUL character here", self._number - 1, text.index("\0") + 1)
        return text
