"""The far side of CEL expressions: one process, with bounded memory, that evaluates one after the other."""

from __future__ import annotations

import json
import os
import pickle
import re
from typing import TYPE_CHECKING, Any

from policy.model.expressions import build_environment
from policy.plugins.worker import limit_memory, receive, reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

# An error of CEL may quote a whole value.
LONGEST = 200
KIND = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")


def answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer each `(number, values)` with JSON: `{"answer": …}`, `{"error": …}` or `{"fault": …}`.

    An error may come of values that are not there, a fault never does. Who runs out of memory ends with the code
    `spent`: what is left of such a process is not worth keeping.
    """
    mebibytes, spent, expressions = pickle.load(questions)  # noqa: S301 - from our own process
    limit_memory(mebibytes)
    # What a C++ library prints when it breaks is not for the user; what happened is said on the other side.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    compiled: dict[int, Any] = {}
    for number, values in receive(questions):
        try:
            if number not in compiled:
                text, types = expressions[number]
                compiled[number] = build_environment(types).compile(text)
            said = evaluate(compiled[number], values)
        except MemoryError:
            os._exit(spent)
        reply(answers, json.dumps(said).encode())


def evaluate(expression: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the expression holds, or what happened. Raises MemoryError."""
    from cel_expr_python import cel

    try:
        value = expression.eval(data=values)
        # The type and not the value: CEL's errors are true in Python.
        kind = value.type()
        if kind == cel.Type.ERROR:
            return {"error": f"broke: {shorten(str(value.value()))}"}
        if kind != cel.Type.BOOL:
            return {"fault": f"gave a value of the type {str(kind).lower()}, not true or false"}
        return {"answer": value.plain_value() is True}
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        return {"fault": f"broke: {shorten(str(error))}"}


def shorten(said: str) -> str:
    """What CEL says, on one line, without the name of the kind of error that stands before it and behind it."""
    return KIND.sub("", " ".join(said.split()))[:LONGEST]
