"""Named predicates, each run in a process of its own that can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import KindError, ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

    from policy.model.kinds import Kind
    from policy.plugins.contracts import Predicate


def run_predicates(predicates: Sequence[Predicate], values: Mapping[str, Any]) -> tuple[list[Fact], dict[str, str]]:
    """The facts that the predicates answer, and per path what broke: policies that read such a path err."""
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    known = {path: value for path, value in values.items() if value is not ABSENT}
    for predicate in predicates:
        path, name = predicate.field.path, predicate.function.__qualname__
        succeeded, answer = ask(predicate, known)
        if not succeeded:
            faults[path] = f"predicate {name} {answer}"
        elif answer is not None and not is_of_kind(predicate.field.kind, answer):
            faults[path] = f"predicate {name} answered a {type(answer).__name__}, not {predicate.field.kind.describe()}"
        elif answer is not None:
            value = Members(tuple(answer), complete=True) if isinstance(predicate.field.kind, ListKind) else answer
            facts.append(Fact(path, value, "declared", f"predicate {name}"))
    return facts, faults


def ask(predicate: Predicate, values: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether the predicate answered in time, and its answer, or else what happened."""
    import multiprocessing

    # A fresh interpreter: nothing of this process, and none of its locks, is shared with the plugin's code.
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=_answer, args=(sender, predicate.function, dict(values)), daemon=True)
    worker.start()
    sender.close()
    try:
        if not receiver.poll(predicate.timeout):
            return False, f"gave no answer within {predicate.timeout:g} s"
        succeeded, answer = receiver.recv()
    except EOFError:
        return False, "ended without an answer"
    except Exception as error:  # noqa: BLE001 - an answer that cannot be unpickled is nonsense, not a crash
        return False, f"answered something that cannot be read: {type(error).__name__}"
    finally:
        worker.kill()
        worker.join()
        receiver.close()
    return bool(succeeded), answer


def _answer(sender: Connection, function: Any, values: dict[str, Any]) -> None:
    try:
        answer = (True, function(values))
    except BaseException as error:  # noqa: BLE001 - whatever the plugin raises is reported to the other side
        answer = (False, f"raised {type(error).__name__}: {error}")
    sender.send(answer)
    sender.close()


def is_of_kind(kind: Kind, value: Any) -> bool:
    """Whether a plain value is one that the kind could have read."""
    if isinstance(kind, ListKind):
        return isinstance(value, list | tuple) and all(is_of_kind(kind.of, item) for item in value)
    try:
        read = kind.read(kind.show(value), plain=True)
    except (KindError, TypeError, ValueError, AttributeError):
        return False
    return bool(read == value) and isinstance(value, bool) == isinstance(read, bool)
