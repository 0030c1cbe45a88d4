"""Rows of JSON and JSON Lines files, told apart by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.data.json_text import LONGEST_VALUE, BrokenTextError, JsonText, read_line_value

if TYPE_CHECKING:
    from policy.evidence.data.byte_stream import ByteStream
    from policy.evidence.data.row_content import RowCount

_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The first that fits: one mark starts with another.
_WIDE_MARKS = {b"\xff\xfe\0\0": 32, b"\0\0\xfe\xff": 32, b"\xff\xfe": 16, b"\xfe\xff": 16}

Count = tuple[int | None, str, str]
"""Rows, or None; json or jsonl; and why there are no rows."""

_NO_LIST: Count = (None, "json", "it is a single JSON value, not a list of examples")


def count_rows(stream: ByteStream, rows: RowCount, *, lines: bool) -> Count:
    """Count the rows and give each to `rows`; `lines`: the name promises JSON Lines. Raises BrokenTextError.

    An array is counted element by element, however long it or its lines are. Otherwise every line that is not
    blank is one row, unless the file holds a single value: its name decides whether that is a row.
    """
    number = skip_blank(stream)
    first = stream.peek().lstrip(_SPACE)[:1]
    if not first:
        return 0, "jsonl" if lines else "json", ""
    if first == b"[":
        return _count_array(JsonText(stream, line=number), stream, rows)
    head = stream.read_line(LONGEST_VALUE + 1)
    try:
        value = _read_row(head, number)
    except BrokenTextError:
        if lines or first != b"{":
            raise
        return _count_object(JsonText(stream, head, number))
    rows.take_lines([head.rstrip(b"\n")], number)
    _count_lines(stream, rows, number + 1)
    return (rows.rows, "jsonl", "") if lines or rows.rows > 1 else _judge_single(value)


def skip_blank(stream: ByteStream) -> int:
    """Skip the byte order mark and blank lines; the number of the line that is next."""
    number = 1
    wide = next((bits for mark, bits in _WIDE_MARKS.items() if stream.peek().startswith(mark)), None)
    if wide:
        raise BrokenTextError(f"the file is encoded as UTF-{wide}, and only UTF-8 is read", 1, 1)
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


def _count_lines(stream: ByteStream, rows: RowCount, number: int) -> None:
    """Count the lines from line `number` on, each of which must be one JSON value."""
    for lines, end in stream.read_lines(LONGEST_VALUE):
        # The others were cut from one piece, which is shorter.
        longest = max(len(lines[0]), len(lines[-1])) + len(end)
        if longest > LONGEST_VALUE:
            _take_sound_lines(lines, end, rows, number)
        rows.take_lines(lines, number, end)
        number += len(lines)


def _take_sound_lines(lines: list[bytes], end: bytes, rows: RowCount, number: int) -> None:
    """Refuse the first line that is too long, unless one before it is broken."""
    index = next(index for index, line in enumerate(lines) if len(line) + len(end) > LONGEST_VALUE)
    rows.take_lines(lines[:index], number, end)
    raise _refuse_long(number + index)


def _read_row(data: bytes, number: int) -> Any:
    if len(data) > LONGEST_VALUE:
        raise _refuse_long(number)
    return read_line_value(data, number)


def _refuse_long(number: int) -> BrokenTextError:
    return BrokenTextError(f"the line is longer than {LONGEST_VALUE // 1024**2} MiB", number, 1)


def _count_array(text: JsonText, stream: ByteStream, rows: RowCount) -> Count:
    text.peek()
    first_line, _ = text.locate()
    _count_elements(text, rows)
    last_line, _ = text.locate()
    if not text.peek():
        return rows.rows, "json", ""
    next_line, _ = text.locate()
    if not first_line == last_line < next_line:
        raise text.break_off("more follows after the end of the array")
    # Each line holds an array of its own, so the lines are the rows.
    stream.return_bytes(text.take_rest())
    rows.rows, rows.misread = 1, True
    _count_lines(stream, rows, next_line)
    return rows.rows, "jsonl", ""


def _count_elements(text: JsonText, rows: RowCount | None = None) -> None:
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        text.read_value()
        if rows:
            rows.take_text(text.get_text())
        if text.take(",", "]") == "]":
            return


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
