"""The far side of a predicate: the plugin's function called in a process of its own, its answer as JSON."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from policy.evidence.value_kinds import is_of_kind
from policy.model.kinds import ListKind
from policy.plugins.faults import describe_fault
from policy.plugins.worker import receive, reply

if TYPE_CHECKING:
    from typing import BinaryIO

    from policy.model.kinds import Kind

LARGEST = 64 * 1024


def answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Call each predicate that is asked for, and answer `{"answer": …}` or `{"fault": "raised …"}`."""
    for module, name, kind, values in receive(questions):
        try:
            said = _write_answer(kind, find_function(module, name)(values))
        except BaseException as error:  # noqa: BLE001 - whatever the plugin raises is said on the other side
            said = json.dumps({"fault": f"raised {describe_fault(error)}"})
        reply(answers, said.encode())


def find_function(module: str, name: str) -> Any:
    """The function of that qualified name. Raises AttributeError or ImportError."""
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _write_answer(kind: Kind, value: Any) -> str:
    if value is not None and not is_of_kind(kind, value):
        return json.dumps({"fault": f"answered a {type(value).__name__[:40]}, not {kind.describe()}"})
    written = json.dumps({"answer": _encode(kind, value)}, allow_nan=False)
    if len(written) > LARGEST:
        return json.dumps({"fault": f"answered more than {LARGEST // 1024} KiB"})
    return written


def _encode(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    return [kind.of.encode(item) for item in value] if isinstance(kind, ListKind) else kind.encode(value)
