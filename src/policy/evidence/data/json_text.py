"""JSON read value by value from a stream of bytes, strictly, with the line and column of what is wrong."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from policy.evidence.data.byte_stream import CHUNK

if TYPE_CHECKING:
    from policy.evidence.data.byte_stream import ByteStream

# The largest line of a JSONL file, or element of an array, that is read: more is no example but a mistake. Nested
# lists take 25 times their text in memory.
LONGEST_VALUE = 8 * 1024 * 1024
# A token that the end of what is held may cut in two: a constant, an exponent, a pair of escapes.
_LONGEST_TOKEN = 16
_SPACE = re.compile(r"[ \t\r\n]*")


class BrokenTextError(Exception):
    """The text is not what it should be, at this line and column (from 1)."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class _ConstantError(ValueError):
    """NaN or Infinity, which JSON does not have."""


def _refuse_constant(name: str) -> Any:
    raise _ConstantError(name)


# Whole numbers are read as floats: only whether they are numbers matters here, and long ones are slow to convert.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=float)


def read_line_value(data: bytes, line: int) -> Any:
    """The JSON value that a whole line holds; raises BrokenTextError."""
    try:
        return _DECODER.decode(data.decode())
    except UnicodeDecodeError as fault:
        column = len(data[: fault.start].decode()) + 1
        raise BrokenTextError("the bytes here are not UTF-8 text", line, column) from None
    except (ValueError, RecursionError) as fault:
        text = data.decode()
        message, index = _explain(fault, text, 0)
        # What is missing is missing before the line's end.
        raise BrokenTextError(message, line, min(index, len(text.rstrip("\r\n"))) + 1) from None


class JsonText:
    """The text of a stream, of which as much is held as the value that is being read needs."""

    def __init__(self, stream: ByteStream, head: bytes = b"", line: int = 1) -> None:
        self._stream = stream
        self._decoder = getincrementaldecoder("utf-8")()
        # What is held, how far it is read, and where its first character stands.
        self._text = ""
        self._index = 0
        self._line = line
        self._column = 1
        # Where the last value that was read begins.
        self._began = 0
        self._ended = False
        if head:
            self._append(head)

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._index)
            self._index = match.end() if match else self._index
            if self._index < len(self._text):
                return self._text[self._index]
            if not self._fill():
                return ""

    def take(self, *wanted: str) -> str:
        """The next character, which must be one of those wanted."""
        found = self.peek()
        if found not in wanted:
            raise self.break_off(f"expected {' or '.join(f'`{character}`' for character in wanted)}")
        self._index += 1
        return found

    def read_value(self) -> Any:
        """The next value, which must be complete."""
        self.peek()
        wanted = CHUNK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._index)
            except (ValueError, RecursionError) as fault:
                if self._is_final(fault) or not self._extend(wanted):
                    message, self._index = _explain(fault, self._text, self._index)
                    raise self.break_off(message) from None
            else:
                # A number could go on in what is not held yet.
                if end <= len(self._text) - _LONGEST_TOKEN or not self._extend(wanted):
                    self._refuse_longer(end - self._index)
                    self._began, self._index = self._index, end
                    return value
            wanted *= 2

    def get_text(self) -> str:
        """The value that was just read, as it is written."""
        return self._text[self._began : self._index]

    def locate(self) -> tuple[int, int]:
        """Line and column of the next character."""
        passed = self._text[: self._index]
        lines = passed.count("\n")
        if lines:
            return self._line + lines, len(passed) - passed.rfind("\n")
        return self._line, self._column + len(passed)

    def take_rest(self) -> bytes:
        """The bytes that were taken from the stream and not yet read."""
        return self._text[self._index :].encode() + self._decoder.getstate()[0]

    def break_off(self, message: str) -> BrokenTextError:
        """The error that something is wrong at the next character."""
        end = "" if self._index < len(self._text) else ", and the file ends here"
        return BrokenTextError(message + end, *self.locate())

    def _is_final(self, fault: ValueError | RecursionError) -> bool:
        """Whether more text could not mend it: the fault is neither at the end of what is held nor an open string."""
        if not isinstance(fault, JSONDecodeError):
            return True
        return fault.pos < len(self._text) - _LONGEST_TOKEN and not fault.msg.startswith("Unterminated")

    def _extend(self, wanted: int) -> bool:
        """Hold about `wanted` more bytes, or what there is; false at the end."""
        if self._ended:
            return False
        held = len(self._text) - self._index
        self._refuse_longer(held)
        wanted = min(wanted, LONGEST_VALUE + 1 - held)
        while len(self._text) - self._index < held + wanted and self._fill():
            pass
        return True

    def _refuse_longer(self, length: int) -> None:
        if length > LONGEST_VALUE:
            raise self.break_off(f"the value is longer than {LONGEST_VALUE // 1024**2} MiB")

    def _fill(self) -> bool:
        """Hold the next bytes too, without what was read already; false at the end."""
        if self._ended:
            return False
        self._line, self._column = self.locate()
        self._text, self._index = self._text[self._index :], 0
        self._append(self._stream.read())
        return True

    def _append(self, data: bytes) -> None:
        self._ended = not data
        try:
            self._text += self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as fault:
            self._text += fault.object[: fault.start].decode()
            self._index = len(self._text)
            raise BrokenTextError("the bytes here are not UTF-8 text", *self.locate()) from None


def _explain(fault: ValueError | RecursionError, text: str, start: int) -> tuple[str, int]:
    """What is wrong with the JSON in `text`, and the index where it is."""
    if isinstance(fault, JSONDecodeError):
        return fault.msg[:1].lower() + fault.msg[1:].removesuffix(" at"), fault.pos
    if isinstance(fault, RecursionError):
        return "values are nested too deeply", start
    return f"`{fault}` is no JSON value", _find_constant(text, str(fault), start)


def _find_constant(text: str, name: str, start: int) -> int:
    """Where the constant stands outside strings."""
    found = re.compile(rf'"(?:[^"\\]|\\.)*"|({name})').finditer(text, start)
    return next((match.start() for match in found if match[1]), start)
