"""Data files counted in one streaming pass: rows, bytes, SHA-256 and format."""

from __future__ import annotations

from os.path import splitext
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.json_rows import count_rows
from policy.evidence.data.json_text import BrokenTextError
from policy.evidence.data.row_codec import choose_codec
from policy.evidence.data.row_content import RowContent, RowCount
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.evidence.data.duplicates import RowHashes
    from policy.evidence.data.row_codec import Codec
    from policy.evidence.data.row_content import Content
    from policy.evidence.tokens.sample import TextSample

_ENDINGS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_COMPRESSED = (".gz", ".zst")
_PARQUET = b"PAR1"
_POINTER = b"version https://git-lfs.github.com/spec/"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Wanted(NamedTuple):
    """What is wanted of a file beside rows, bytes, digest and format: its content, in every format that can be read.

    The hash of each row goes to `hashes`, and with its value to `show`; rows of one comparison need one codec. Of the
    text, `sample` keeps what tokens are counted in.
    """

    codec: Codec
    hashes: RowHashes | None = None
    show: Callable[[int, Any], None] | None = None
    sample: TextSample | None = None


class FileObservation(NamedTuple):
    """What one data file holds. Without `rows`, `reason` says why; a `problem` is something wrong with the file.

    `format` is json, jsonl, csv, parquet or other, of a compressed file that of what it holds; bytes and SHA-256
    are those of the file as it lies there. `is_pointer` marks a file that only points to the data. Without
    `content` where it was wanted, `reason` says why.
    """

    rows: int | None
    bytes: int
    sha256: str
    format: str
    reason: str = ""
    problem: Problem | None = None
    is_pointer: bool = False
    content: Content | None = None


class _Count(NamedTuple):
    rows: int | None
    format: str
    reason: str = ""
    problem: Problem | None = None
    content: Content | None = None


def observe_file(absolute_path: str, shown: str, wanted: Wanted | None = None) -> FileObservation:
    """Count the file; `shown` is its name in problems. Raises OSError where it is not a file or cannot be read."""
    with ByteStream(absolute_path) as stream:
        head = stream.peek()
        if head.startswith(_POINTER):
            reason = "it is a Git LFS pointer, and the data itself is not fetched"
            return FileObservation(None, *stream.finish(), "other", reason, is_pointer=True)
        form = _tell_format(head, splitext(shown)[1].lower())
        count = _count_all(stream, form, shown, wanted) if wanted else _count_json(stream, form, shown)
        return FileObservation(
            count.rows, *stream.finish(), count.format, count.reason, count.problem, content=count.content
        )


def _tell_format(head: bytes, ending: str) -> str:
    """The format by the ending, or by the content of a file without one."""
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if head.startswith(_PARQUET):
        return "parquet"
    starts_json = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")
    return "json" if starts_json and not ending else "other"


def _count_json(stream: ByteStream, form: str, shown: str) -> _Count:
    if form not in ("json", "jsonl"):
        return _Count(None, form, "rows are counted in JSON and JSON Lines files only")
    return _count_text(stream, RowCount(choose_codec(stream.status.st_size)), form, shown)


def _count_all(stream: ByteStream, form: str, shown: str, wanted: Wanted) -> _Count:
    """Count a file of any format, and gather its content."""
    from policy.evidence.data.compression import ExpansionError, MissingLibraryError

    plain, ending = splitext(shown)
    rows = RowContent(*wanted)
    try:
        if ending.lower() in _COMPRESSED:
            # Until it is expanded, its name tells what it holds.
            form = _tell_format(b"", splitext(plain)[1].lower())
            stream.expand(ending.lower())
            form = _tell_format(stream.peek(), splitext(plain)[1].lower())
            if form == "parquet":
                return _Count(None, form, "Parquet in a compressed file is not read: it is compressed itself")
        if form == "parquet":
            return _count_parquet(stream, rows, shown)
        if form == "other":
            return _Count(None, form, "rows are counted in JSON, CSV and Parquet files only")
        return _count_text(stream, rows, form, shown, tabs=".tsv" in shown.lower())
    except MissingLibraryError as fault:
        return _Count(None, form, str(fault))
    except ExpansionError as fault:
        return _Count(None, form, str(fault), fault.problem._replace(location=Location(shown)))


def _count_text(stream: ByteStream, rows: RowCount, form: str, shown: str, *, tabs: bool = False) -> _Count:
    try:
        if form == "csv":
            from policy.evidence.data.csv_rows import count_records

            count: int | None = count_records(stream, rows, tabs=tabs)
            reason = ""
        else:
            count, form, reason = count_rows(stream, rows, lines=form == "jsonl")
    except BrokenTextError as fault:
        return _Count(None, form, f"line {fault.line} is broken", _describe(fault, form, shown))
    return _Count(count, form, reason, content=_conclude(rows, count))


def _count_parquet(stream: ByteStream, rows: RowContent, shown: str) -> _Count:
    from policy.evidence.data.parquet_rows import ParquetFile

    size, _ = stream.finish()
    try:
        file = ParquetFile(stream.reopen(), size)
        reason = file.read_content(rows)
    except BrokenTextError as fault:
        problem = Problem(fault.message, "write or fetch the file again", Location(shown))
        return _Count(None, "parquet", fault.message, problem)
    return _Count(file.rows, "parquet", reason, content=None if reason else _conclude(rows, file.rows))


def _conclude(rows: RowCount, count: int | None) -> Content | None:
    """The content, where the rows that were taken are those that count."""
    if not isinstance(rows, RowContent) or rows.misread or rows.rows != count:
        return None
    return rows.conclude()


def _describe(fault: BrokenTextError, form: str, shown: str) -> Problem:
    wanted = {"jsonl": "one JSON value", "csv": "a sound record"}.get(form, "JSON")
    return Problem(
        f"line {fault.line} is not {wanted}: {fault.message}",
        "correct the file; until then its rows are not observed",
        Location(shown, fault.line, fault.column),
    )
