"""The text of a data file, unpacked where it is compressed and row by row where it is Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.data.byte_stream import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.evidence.data.byte_stream import ByteStream

_PACKED = ((b"\x1f\x8b", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"))
_PARQUET = b"PAR1"
_NOT_READ = (
    (b"\xfd7zXZ\x00", "it is compressed by xz"),
    (b"BZh", "it is compressed by bzip2"),
    (b"\x04\x22\x4d\x18", "it is compressed by lz4"),
    (b"PK\x03\x04", "it is a ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive"),
    (b"ARROW1", "it is an Arrow file"),
    (b"\x89HDF", "it is an HDF5 file"),
    (b"%PDF-", "it is a PDF file"),
    (b"\xff\xfe", "it is encoded as UTF-16"),
    (b"\xfe\xff", "it is encoded as UTF-16"),
    (b"version https://git-lfs.github.com/spec/", "it is a Git LFS pointer, and the data itself is not fetched"),
)
_NUL = "it holds NUL bytes, as binary files and UTF-16 text do"


class NoTextError(Exception):
    """Why a file is not looked at."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_text(stream: ByteStream) -> Iterator[bytes]:
    """The text in pieces; of Parquet one line a row, written as JSON. Raises NoTextError, OSError and SpentError."""
    head = stream.peek()
    ending = next((ending for mark, ending in _PACKED if head.startswith(mark)), None)
    if head.startswith(_PARQUET):
        yield from _read_rows(stream)
    elif ending is None:
        yield from _refuse_binary(stream)
    else:
        yield from _read_expanded(stream, ending)


def _read_expanded(stream: ByteStream, ending: str) -> Iterator[bytes]:
    from policy.evidence.data.compression import ExpansionError, MissingLibraryError

    try:
        stream.expand(ending)
        head = stream.peek()
        if any(head.startswith(mark) for mark, _ in _PACKED) or head.startswith(_PARQUET):
            raise NoTextError("it is compressed twice")
        yield from _refuse_binary(stream)
    except ExpansionError as fault:
        raise NoTextError(fault.problem.message) from None
    except MissingLibraryError as fault:
        raise NoTextError(str(fault)) from None


def _refuse_binary(stream: ByteStream) -> Iterator[bytes]:
    head = stream.peek()
    for mark, reason in _NOT_READ:
        if head.startswith(mark):
            raise NoTextError(reason)
    while chunk := stream.read():
        # A text could hide between the zeros of a wide encoding: no such file is called clean.
        if b"\0" in chunk:
            raise NoTextError(_NUL)
        yield chunk


def _read_rows(stream: ByteStream) -> Iterator[bytes]:
    from policy.evidence.data.compression import MissingLibraryError
    from policy.evidence.data.json_text import BrokenTextError
    from policy.evidence.data.parquet_rows import ParquetFile

    size, _ = stream.finish()
    try:
        file = ParquetFile(stream.reopen(), size)
        if excess := file.find_excess():
            raise NoTextError(excess)
        rows = 0
        for count, text in _write_rows(row for row, _ in file.list_rows()):
            rows += count
            yield text
    except MissingLibraryError as fault:
        raise NoTextError(str(fault)) from None
    except BrokenTextError as fault:
        raise NoTextError(fault.message) from None
    if rows != file.rows:
        raise NoTextError("its footer promises another number of rows than there are")


def _write_rows(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[int, bytes]]:
    """Whole rows, many at a time, and how many they are."""
    import json

    lines: list[bytes] = []
    held = 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, default=_write_odd).encode(errors="replace")
        lines.append(line)
        held += len(line)
        if held >= CHUNK:
            yield len(lines), b"\n".join([*lines, b""])
            lines, held = [], 0
    if lines:
        yield len(lines), b"\n".join([*lines, b""])


def _write_odd(value: object) -> str:
    """What JSON has no form for: bytes, which may well be text, dates, decimals."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
