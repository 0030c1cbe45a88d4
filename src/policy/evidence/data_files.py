"""Data files counted in one streaming pass: rows, bytes, SHA-256 and format."""

from __future__ import annotations

from os.path import splitext

from policy.errors import Location, Problem
from policy.evidence.byte_stream import ByteStream
from policy.evidence.json_rows import count_rows
from policy.evidence.json_text import BrokenTextError
from policy.structs import NamedTuple

_ENDINGS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_PARQUET = b"PAR1"
_POINTER = b"version https://git-lfs.github.com/spec/"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FileObservation(NamedTuple):
    """What one data file holds. Without `rows`, `reason` says why; a `problem` is something wrong with the file.

    `format` is json, jsonl, csv, parquet or other. `is_pointer` marks a file that only points to the data.
    """

    rows: int | None
    bytes: int
    sha256: str
    format: str
    reason: str = ""
    problem: Problem | None = None
    is_pointer: bool = False


def observe_file(absolute_path: str, shown: str) -> FileObservation:
    """Count the file; `shown` is its name in problems. Raises OSError where it is not a file or cannot be read."""
    with ByteStream(absolute_path) as stream:
        head = stream.peek()
        if head.startswith(_POINTER):
            reason = "it is a Git LFS pointer, and the data itself is not fetched"
            return _conclude(stream, "other", reason)._replace(is_pointer=True)
        form = _tell_format(head, splitext(shown)[1].lower())
        if form not in ("json", "jsonl"):
            return _conclude(stream, form, "rows are counted in JSON and JSON Lines files only")
        try:
            rows, form, reason = count_rows(stream, lines=form == "jsonl")
        except BrokenTextError as fault:
            reason = f"line {fault.line} is broken"
            return _conclude(stream, form, reason)._replace(problem=_describe(fault, form, shown))
        return _conclude(stream, form, reason)._replace(rows=rows)


def _tell_format(head: bytes, ending: str) -> str:
    """The format by the ending, or by the content of a file without one."""
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if head.startswith(_PARQUET):
        return "parquet"
    starts_json = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")
    return "json" if starts_json and not ending else "other"


def _conclude(stream: ByteStream, form: str, reason: str) -> FileObservation:
    size, digest = stream.finish()
    return FileObservation(None, size, digest, form, reason)


def _describe(fault: BrokenTextError, form: str, shown: str) -> Problem:
    wanted = "one JSON value" if form == "jsonl" else "JSON"
    return Problem(
        f"line {fault.line} is not {wanted}: {fault.message}",
        "correct the file; until then its rows are not observed",
        Location(shown, fault.line, fault.column),
    )
