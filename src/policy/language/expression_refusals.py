"""What CEL and the policy language refuse in an expression, in plain words and with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.model.expressions import get_type
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.schema import Field, Schema

# More than these of one expression help nobody.
REPORTED = 5
# An approval is known only after all else is judged.
LATE = "approval."
REPORT = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(\d+):(\d+): (.*)$", re.MULTILINE)
UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
MISFIT = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")
# What only follows from another error, and what the parser could have read instead.
ECHO = "'*error*'"
TAIL = re.compile(r" expecting .*| \[[A-Z_]+\]$")
# Strings without escapes, which are all that a constant needs.
CONSTANT = re.compile(r"""\b(duration|timestamp)\(\s*('[^'\\\n]*'|"[^"\\\n]*")\s*\)""")
CONSTANTS = {
    "duration": "write hours, minutes and seconds, such as '720h' for 30 days",
    "timestamp": "write the date with a time, such as '2026-11-20T00:00:00Z'",
}


class Refusal(NamedTuple):
    """What is wrong at a line and column of the expression, counted from 1, and how long what is meant is."""

    line: int
    column: int
    message: str
    remedy: str
    length: int = 0


def can_read(field: Field) -> bool:
    """Whether an expression can read the field."""
    return get_type(field.kind) is not None and not field.path.startswith(LATE)


def explain_refusal(said: str, text: str, schema: Schema) -> list[Refusal]:
    """What CEL said, with places in the expression; at least one."""
    found = [
        _translate(int(line), int(column), message, text, schema)
        for line, column, message in REPORT.findall(said)
        if ECHO not in message
    ]
    if found:
        return list(dict.fromkeys(found))[:REPORTED]
    nested = "recursion" in said
    message = "is nested too deeply" if nested else "cannot be read"
    return [Refusal(0, 0, f"the CEL expression {message}", "split it into several" if nested else "write it anew")]


def _translate(line: int, column: int, message: str, text: str, schema: Schema) -> Refusal:
    if undeclared := UNDECLARED.search(message):
        return _explain_name(line, column, undeclared[1], text, schema)
    if misfit := MISFIT.search(message):
        sign, operands = misfit[1].strip("_").replace("_", " "), misfit[2].strip("()")
        remedy = "compare values of one type"
        if "double" in operands and "int" in operands:
            remedy = "write a number with a point (1.0), or turn a whole number into one with `double(…)`"
        return Refusal(line, column, f"the CEL expression does not fit: `{sign}` does not work on {operands}", remedy)
    short = TAIL.sub("", message.removeprefix("Syntax error: "))
    message = f"the CEL expression cannot be read: {short}"
    return Refusal(line, column, message, "mend it; see the CEL language reference")


def _explain_name(line: int, column: int, name: str, text: str, schema: Schema) -> Refusal:
    """A name that stands for nothing here: CEL points at its last dot."""
    written = text.split("\n")[line - 1]
    start = written.rfind(name, 0, column - 1 + len(name))
    start, end = (column - 1, column) if start < 0 else (start, start + len(name))
    return Refusal(line, start + 1, *_refuse_name(name, written[end:], schema), end - start)


def _refuse_name(name: str, after: str, schema: Schema) -> tuple[str, str]:
    field = schema.fields.get(name)
    if name.startswith(LATE) and field is not None:
        return f"a CEL expression cannot read `{name}`, which is known only after it", "test it without `cel`"
    if field is not None:
        return f"a CEL expression cannot read `{name}`, which is {field.kind.describe()}", "test it without `cel`"
    if after.lstrip().startswith("("):
        return f"CEL has no function `{name}`", "use the functions of the CEL language"
    from policy.source.suggestion import nearest

    close = nearest(name, (path for path, known in schema.fields.items() if can_read(known)))
    remedy = f"a field with a similar name exists: `{close}`" if close else "`policy schema manifest` lists every field"
    return f"unknown field `{name}`", remedy


def refuse_constants(text: str) -> Iterator[Refusal]:
    """Durations and times that CEL would stumble over in every judgement: it has neither days nor mere dates."""
    from cel_expr_python import cel

    empty = cel.NewEnv()
    for call in CONSTANT.finditer(text):
        if empty.compile(call[0]).eval(data={}).type() == cel.Type.ERROR:
            before = text[: call.start(2)]
            column = len(before) - (before.rfind("\n") + 1) + 1
            message = f"{call[2]} is not a {call[1]} in CEL"
            yield Refusal(before.count("\n") + 1, column, message, CONSTANTS[call[1]], len(call[2]))
