"""Named predicates, each run in a process of its own that can be ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.model.kinds import Kind
    from policy.plugins.contracts import Predicate


def run_predicates(predicates: Sequence[Predicate], values: Mapping[str, Any]) -> tuple[list[Fact], dict[str, str]]:
    """The facts that the predicates answer, and per path what broke: policies that read such a path err.

    `values` are the plain values of a subject's facts.
    """
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    known = {path: flatten(value) for path, value in values.items() if is_known(value)}
    for predicate in predicates:
        path, name = predicate.field.path, f"predicate {predicate.function.__qualname__}"
        value, fault = ask(predicate, known)
        if fault:
            faults[path] = f"{name} {fault}"
        elif value is not None:
            # A function of declared values is not worth more than they are.
            facts.append(Fact(path, value, "declared", name))
    return facts, faults


def is_known(value: Any) -> bool:
    """Whether a predicate may see the value; of a list that is not known in full it would see too little."""
    return value is not ABSENT and (not isinstance(value, Members) or value.complete)


def flatten(value: Any) -> Any:
    """A list as a tuple, its records as dictionaries without what is not there."""
    if not isinstance(value, Members):
        return value
    return tuple(
        {name: flatten(inner) for name, inner in item.items() if is_known(inner)} if isinstance(item, dict) else item
        for item in value.items
    )


def ask(predicate: Predicate, values: Mapping[str, Any]) -> tuple[Any, str]:
    """The predicate's answer as a fact's value, None where it gave none; or else what happened."""
    from policy.plugins.worker import NoAnswerError, Worker

    function = predicate.function
    worker = Worker("policy.evidence.predicate_worker:answer")
    try:
        said = worker.ask(
            (function.__module__, function.__qualname__, predicate.field.kind, dict(values)), predicate.timeout
        )
    except OSError as error:
        return None, f"could not be started: {error.strerror}"
    except NoAnswerError as error:
        return None, str(error)
    finally:
        worker.close()
    return _read_reply(predicate.field.kind, said)


def _read_reply(kind: Kind, reply: bytes) -> tuple[Any, str]:
    told = json.loads(reply)
    if "fault" in told:
        return None, str(told["fault"])
    value = told["answer"]
    if isinstance(kind, ListKind) and value is not None:
        items = tuple(dict.fromkeys(kind.of.decode(item) for item in value))
        return Members(items, complete=True), ""
    return None if value is None else kind.decode(value), ""
