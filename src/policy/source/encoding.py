"""Bytes of a file turned into text: UTF-8 or a problem that says what it is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.source.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from policy.source.limits import Limits

_TEXT_BYTES = bytes(code for code in range(256) if code in b"\t\n\r" or (code >= 0x20 and code != 0x7F))
# YAML 1.1 counts the first three as line breaks and editors do not, so a comment could hide a key behind one;
# the last is invisible.
_DECEPTIVE = "\u0085\u2028\u2029\ufeff"
_UTF16_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode(data: bytes, file: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """The text of a file without its byte order mark, or PolicyError where it is too large or not UTF-8."""
    if len(data) > limits.max_bytes:
        raise PolicyError(describe_size(file, limits))
    if data.translate(None, _TEXT_BYTES) or data.startswith(_UTF16_BYTE_ORDER_MARKS):
        raise PolicyError(_describe_binary(data, file))
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise PolicyError(_describe_byte(data, fault.start, file)) from None
    text = text.removeprefix("\ufeff")
    if not text.isascii():
        _refuse_deceptive(text, file)
    return text


def describe_size(file: str, limits: Limits) -> Problem:
    """The problem of a file with more bytes than the limit."""
    return Problem(
        f"the file is larger than {limits.max_bytes:,} bytes",
        "split the file, or take out what does not belong in it",
        Location(file),
    )


def find_place(text: str, index: int, file: str) -> Location:
    """The line and column of the code point at `index`."""
    before = text[:index]
    if before.endswith("\r") and text[index : index + 1] == "\n":
        before = before[:-1]
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    return Location(file, line, column, line, column + 1)


def describe_character(text: str, index: int, file: str) -> Problem:
    """The problem of a character that text files do not hold."""
    code = ord(text[index])
    escape = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return Problem(
        f"the character U+{code:04X} cannot be seen and is not allowed here",
        f"remove it, or write it as `{escape}` in double quotes",
        find_place(text, index, file),
    )


def _refuse_deceptive(text: str, file: str) -> None:
    found = [text.index(character) for character in _DECEPTIVE if character in text]
    if found:
        raise PolicyError(describe_character(text, min(found), file))


def _describe_byte(data: bytes, index: int, file: str) -> Problem:
    before = data[:index].decode().removeprefix("\ufeff")
    message = f"the file is not UTF-8: the byte 0x{data[index]:02X} is not part of a character"
    return Problem(message, "save the file as UTF-8", find_place(before, len(before), file))


def _describe_binary(data: bytes, file: str) -> Problem:
    if encoding := _guess_wide_encoding(data):
        message = f"the file is encoded as {encoding}, and only UTF-8 is read"
        return Problem(message, "save the file as UTF-8", Location(file))
    if b"\0" in data:
        return Problem("the file is binary, not text", "name a text file", Location(file))
    text = data.decode(errors="replace").removeprefix("\ufeff")
    controls = data.translate(None, _TEXT_BYTES).decode("ascii")
    return describe_character(text, text.index(controls[0]), file)


def _guess_wide_encoding(data: bytes) -> str:
    """UTF-32 or UTF-16 when the byte order mark or the zero bytes of common characters show it."""
    head = data[:64]
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) or _has_zeros(head, 4, 2):
        return "UTF-32"
    if head.startswith(_UTF16_BYTE_ORDER_MARKS) or _has_zeros(head, 2, 1):
        return "UTF-16"
    return ""


def _has_zeros(head: bytes, width: int, zeros: int) -> bool:
    """Whether all units of `width` bytes start, or all end, with so many zero bytes, and none is all zero."""
    units = [head[at : at + width] for at in range(0, len(head) - width + 1, width)]
    empty = bytes(zeros)
    return (
        len(units) > 1
        and all(any(unit) for unit in units)
        and (all(unit.startswith(empty) for unit in units) or all(unit.endswith(empty) for unit in units))
    )
