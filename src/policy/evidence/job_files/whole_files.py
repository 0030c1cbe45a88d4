"""What holds for a training file as a whole: its encoding, format, size and number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.job_files.lines import BYTE_ORDER_MARK
from policy.evidence.job_files.providers import (
    FEWEST_USEFUL_ROWS,
    PERHAPS_TOO_LARGE,
    SURELY_TOO_LARGE,
)
from policy.evidence.job_files.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.job_files.providers import Provider

_POINTER = b"version https://git-lfs.github.com/spec/"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FORMATS = {b"PAR1": "a Parquet file", b"\x1f\x8b": "compressed", b"PK\x03\x04": "a ZIP archive"}


def find_pointer(head: bytes) -> str:
    """Why a file that only points to the data cannot be judged; empty for any other file."""
    return "it is a Git LFS pointer, and the data itself is not fetched" if head.startswith(_POINTER) else ""


def check_head(head: bytes, provider: Provider) -> Iterator[Violation]:
    """The file is text in UTF-8; Azure's documentation asks for a byte order mark, no other does."""
    found = next((name for magic, name in _FORMATS.items() if head.startswith(magic)), "")
    if found:
        yield Violation("format", f"the file is {found}, not JSON Lines", "write one JSON object a line, in UTF-8")
    elif head.startswith(_WIDE_MARKS) or _has_wide_units(head[:4]):
        yield Violation("encoding", "the file is encoded as UTF-16 or UTF-32", "save the file as UTF-8")
    elif head and provider.wants_mark and not head.startswith(BYTE_ORDER_MARK):
        message = f"the file does not start with a byte order mark, which {provider.title} asks for"
        yield Violation("byte-order-mark", message, "save the file as UTF-8 with a byte order mark", level="warning")
    elif head.startswith(BYTE_ORDER_MARK) and not provider.wants_mark:
        message = f"the file starts with a byte order mark, which {provider.title} may take for a part of the first row"
        yield Violation("byte-order-mark", message, "save the file as UTF-8 without it", level="warning")


def _has_wide_units(start: bytes) -> bool:
    """Whether some of the first four bytes are zero, as in UTF-16 and UTF-32, and not all of them."""
    return b"\0" in start and start.strip(b"\0") != b""


def check_size(size: int, provider: Provider) -> Iterator[Violation]:
    """A file has at most 512 MB, of which nobody says whether it means 1,000 or 1,024 squared."""
    if size > PERHAPS_TOO_LARGE:
        level = "error" if size > SURELY_TOO_LARGE else "warning"
        message = f"the file has {size:,} bytes, and {provider.title} takes at most 512 MB"
        yield Violation("too-large", message, "leave rows out, or split the file into several jobs", level=level)


def check_rows(rows: int, fewest: int) -> Iterator[Violation]:
    """A job needs at least 10 examples to train from; nothing is said of those for validation."""
    if not rows:
        yield Violation("too-few-rows", "the file holds no row", "write one example a line")
    elif rows < fewest:
        message = f"the file holds {rows} row{'s' * (rows != 1)}, and a job needs at least {fewest}"
        yield Violation("too-few-rows", message, f"add examples; fewer than {FEWEST_USEFUL_ROWS} seldom help")
