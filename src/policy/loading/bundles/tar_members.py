"""The members of a tar file, read strictly: files and folders, and nothing else that the format can hold.

What is read here comes from a network and is read before its digest is known. The standard library's reader takes
links, devices and sparse files for what they are, and has had endless loops; so little is needed of the format that it
is read by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.loading.bundles.expansion import Expanded

BLOCK: Final = 512
FILE, FOLDER = "file", "folder"
KINDS: Final = {
    b"0": FILE,
    b"\0": FILE,
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "device",
    b"4": "device",
    b"5": FOLDER,
    b"6": "named pipe",
}
LONG_NAME, EXTENDED, GLOBAL = b"L", b"x", b"g"
# The longest name and the largest extended header that are read.
LARGEST_HEADER: Final = 64 * 1024
RECORD: Final = re.compile(rb"([1-9][0-9]{0,5}) ")
# What a header for all members must not say.
OF_ONE_MEMBER: Final = (b"path", b"linkpath", b"size", b"hdrcharset")


class TarError(Exception):
    """What is wrong with a tar file."""


class Member(NamedTuple):
    """One member: its name as it is written, what it is, and how many bytes follow."""

    name: str
    kind: str
    size: int


class TarReader:
    """Reads members one after the other; the bytes of each are read or passed over before the next."""

    def __init__(self, stream: Expanded) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """Every member. Raises TarError."""
        name, records = "", dict[bytes, bytes]()
        while block := self._read_block():
            kind, size = block[156:157], _read_number(block[124:136])
            if kind == LONG_NAME:
                name = _decode(self._read_header(size).rstrip(b"\0"))
            elif kind == EXTENDED:
                records = _read_records(self._read_header(size))
            elif kind == GLOBAL:
                _check_global(_read_records(self._read_header(size)))
            else:
                yield self._make_member(block, kind, size, name, records)
                name, records = "", {}
                self._finish()
        if name or records:
            raise TarError("it ends behind a header that belongs to another member")

    def read(self) -> bytes:
        """The bytes of the member that was given last. Raises TarError."""
        data = self._stream.read(self._left)
        if len(data) < self._left:
            raise TarError("it ends too early")
        self._left = 0
        return data

    def _make_member(self, block: bytes, kind: bytes, size: int, name: str, records: dict[bytes, bytes]) -> Member:
        shown = _decode(records[b"path"]) if b"path" in records else name or _read_name(block)
        if kind == b"S" or any(key.startswith(b"GNU.sparse") for key in records):
            raise TarError(f"`{shown}` is a sparse file")
        if kind not in KINDS:
            raise TarError(f"`{shown}` is of the type {kind.decode(errors='replace')!r}, which is not read")
        if b"size" in records:
            size = _read_decimal(records[b"size"])
        # Nothing follows the headers of all others, whatever size they bear.
        self._expect(size if KINDS[kind] == FILE else 0)
        return Member(shown, KINDS[kind], size)

    def _expect(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK

    def _finish(self) -> None:
        """Pass over what is left of a member, with the padding behind it."""
        if not self._stream.skip(self._left + self._padding):
            raise TarError("it ends too early")
        self._expect(0)

    def _read_block(self) -> bytes:
        """The next header; empty at the end."""
        block = self._stream.read(BLOCK)
        if not block:
            raise TarError("it ends without saying so")
        if len(block) < BLOCK:
            raise TarError("it ends too early")
        if not block.strip(b"\0"):
            return b""
        total = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
        if _read_number(block[148:156]) != total:
            raise TarError("a header is damaged")
        return block

    def _read_header(self, size: int) -> bytes:
        if size > LARGEST_HEADER:
            raise TarError(f"a header is larger than {LARGEST_HEADER // 1024} KiB")
        self._expect(size)
        data = self.read()
        self._finish()
        return data


def _read_name(block: bytes) -> str:
    name, prefix = (block[start:end].partition(b"\0")[0] for start, end in ((0, 100), (345, 500)))
    # Elsewhere than in POSIX archives the bytes of the prefix mean something else.
    return _decode(prefix + b"/" + name if prefix and block[257:263] == b"ustar\0" else name)


def _decode(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise TarError(f"the name {name[:200]!r} is not UTF-8") from None


def _read_number(field: bytes) -> int:
    """A number in octal digits; larger ones are written in another way, and too large here."""
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise TarError("a header holds no number where one belongs")
    return int(digits or b"0", 8)


def _read_decimal(text: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,15}", text):
        raise TarError("a header holds no number where one belongs")
    return int(text)


def _read_records(data: bytes) -> dict[bytes, bytes]:
    """The records of an extended header, `LENGTH KEY=VALUE` and a line feed each."""
    records = {}
    start = 0
    while start < len(data):
        found = RECORD.match(data, start)
        end = start + int(found[1]) if found else 0
        if found is None or end > len(data) or end <= found.end() or data[end - 1 : end] != b"\n":
            raise TarError("an extended header is damaged")
        key, equals, value = data[found.end() : end - 1].partition(b"=")
        if not equals or key in records or b"\0" in value:
            raise TarError("an extended header is damaged")
        records[key] = value
        start = end
    return records


def _check_global(records: dict[bytes, bytes]) -> None:
    for key in records:
        if key in OF_ONE_MEMBER or key.startswith(b"GNU.sparse"):
            raise TarError(f"a header for all members says `{key.decode(errors='replace')}`")
