"""A script or a notebook → the calls in it that start a fine-tuning, and what kept some of it from being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.source.calls import find_calls
from policy.evidence.source.python_parts import UnparsedError, parse_python
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.evidence.source.calls import FoundCall
    from policy.evidence.source.marks import CallMarks
    from policy.evidence.source.python_parts import Part
    from policy.plugins.contracts import TrainingCall


class ScriptCalls(NamedTuple):
    """The calls of one file in their order, and the faults of what may hold others."""

    calls: list[FoundCall]
    faults: list[UnparsedError]


def read_script(data: bytes, file: str, known: Sequence[TrainingCall], marks: CallMarks) -> ScriptCalls:
    """The calls among the known ones that a file's bytes hold. Of a broken notebook all whole cells are read."""
    try:
        parts, faults = _parse(data, file, marks)
        return ScriptCalls(find_calls(parts, known), faults)
    except UnparsedError as fault:
        return ScriptCalls([], [fault])
    except (MemoryError, RecursionError):
        return ScriptCalls([], [UnparsedError("it is nested too deeply")])


def _parse(data: bytes, file: str, marks: CallMarks) -> tuple[list[Part], list[UnparsedError]]:
    if not file.lower().endswith(".ipynb"):
        return [parse_python(data)], []
    from policy.evidence.source.notebooks import parse_notebook

    parts, faults = parse_notebook(data)
    # A cell that is half written and has nothing to do with training is nobody's concern here.
    words = [word.decode() for word in marks.sieve]
    return parts, [fault for fault in faults if any(word in fault.source for word in words)]
