"""Rows of JSON and JSON Lines files, told apart by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.json_text import LONGEST_VALUE, BrokenTextError, JsonText, read_line_value

if TYPE_CHECKING:
    from policy.evidence.byte_stream import ByteStream

_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")

Count = tuple[int | None, str, str]
"""Rows, or None; json or jsonl; and why there are no rows."""

_NO_LIST: Count = (None, "json", "it is a single JSON value, not a list of examples")


def count_rows(stream: ByteStream, *, lines: bool) -> Count:
    """Count the rows; `lines` says that the file's name promises JSON Lines. Raises BrokenTextError.

    An array is counted element by element, however long it or its lines are. Otherwise every line that is not
    blank is one row, unless the file holds a single value: its name decides whether that is a row.
    """
    number = _skip_blank(stream)
    first = stream.peek().lstrip(_SPACE)[:1]
    if not first:
        return 0, "jsonl" if lines else "json", ""
    if first == b"[":
        return _count_array(JsonText(stream, line=number), stream)
    head = stream.read_line(LONGEST_VALUE + 1)
    try:
        value = _read_row(head, number)
    except BrokenTextError:
        if lines or first != b"{":
            raise
        return _count_object(JsonText(stream, head, number))
    rows = 1 + _count_lines(stream, number)
    return (rows, "jsonl", "") if lines or rows > 1 else _judge_single(value)


def _skip_blank(stream: ByteStream) -> int:
    """Skip the byte order mark and blank lines; the number of the line that is next."""
    number = 1
    if stream.peek().startswith(_WIDE_MARKS):
        raise BrokenTextError("the file is encoded as UTF-16, and only UTF-8 is read", 1, 1)
    if stream.peek().startswith(_BYTE_ORDER_MARK):
        stream.read(len(_BYTE_ORDER_MARK))
    while data := stream.peek():
        blank = data[: len(data) - len(data.lstrip(_SPACE))]
        # The spaces before a value stay, for its column to be right.
        skipped = len(blank) if len(blank) == len(data) else blank.rfind(b"\n") + 1
        number += blank.count(b"\n")
        if not skipped or len(stream.read(skipped)) < len(data):
            break
    return number


def _count_lines(stream: ByteStream, number: int) -> int:
    """The rows after line `number`, each of which must be one JSON value."""
    rows = 0
    while data := stream.read_line(LONGEST_VALUE + 1):
        number += 1
        if data.strip(_SPACE):
            _read_row(data, number)
            rows += 1
    return rows


def _read_row(data: bytes, number: int) -> Any:
    if len(data) > LONGEST_VALUE:
        raise BrokenTextError(f"the line is longer than {LONGEST_VALUE // 1024**2} MiB", number, 1)
    return read_line_value(data, number)


def _count_array(text: JsonText, stream: ByteStream) -> Count:
    text.peek()
    first_line, _ = text.locate()
    rows = _count_elements(text)
    last_line, _ = text.locate()
    if not text.peek():
        return rows, "json", ""
    next_line, _ = text.locate()
    if not first_line == last_line < next_line:
        raise text.break_off("more follows after the end of the array")
    # Each line holds an array of its own, so the lines are the rows.
    stream.return_bytes(text.take_rest())
    return 1 + _count_lines(stream, next_line - 1), "jsonl", ""


def _count_elements(text: JsonText) -> int:
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return 0
    rows = 0
    while True:
        text.read_value()
        rows += 1
        if text.take(",", "]") == "]":
            return rows


def _count_object(text: JsonText) -> Count:
    """Check an object value by value, a list in it element by element: which list holds the examples is unknown."""
    text.take("{")
    flat = True
    closed = text.peek() == "}"
    if closed:
        text.take("}")
    while not closed:
        flat = _check_entry(text) and flat
        closed = text.take(",", "}") == "}"
    if text.peek():
        raise text.break_off("more follows after the end of the object")
    return (1, "json", "") if flat else _NO_LIST


def _check_entry(text: JsonText) -> bool:
    """Check one key and its value; whether the value is neither a list nor an object."""
    if text.peek() != '"':
        raise text.break_off("expected a key in double quotes")
    text.read_value()
    text.take(":")
    first = text.peek()
    if first == "[":
        _count_elements(text)
    else:
        text.read_value()
    return first not in ("[", "{")


def _judge_single(value: Any) -> Count:
    """A file that is one value on one line: a row if it is an object that holds no further structure."""
    if isinstance(value, dict) and not any(isinstance(item, dict | list) for item in value.values()):
        return 1, "json", ""
    return _NO_LIST
