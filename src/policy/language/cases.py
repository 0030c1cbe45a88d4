"""The cases of a policy: what is known, and the outcome it must have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
from policy.language.parameters import read_parameter
from policy.model.fact import ABSENT, Fact, Members
from policy.model.gates import OUTCOMES
from policy.model.kinds import enum
from policy.model.policy import Case, ParameterSpec
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.schema import Schema

ORIGINS = {"given": "declared", "observed": "observed", "attested": "attested", "estimated": "estimated"}
KEYS = (*ORIGINS, "absent", "complete", "timed_out", "at", "params", "expect", "name")
JUDGED = tuple(outcome for outcome in OUTCOMES if outcome != "waived")
DEFAULT_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def read_cases(
    root: Mapping, params: tuple[ParameterSpec, ...], schema: Schema, file: str, problems: list[Problem]
) -> tuple[Case, ...]:
    """The cases under the policy's `cases`; what is wrong is added to `problems`."""
    node = root.get("cases")
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        problems.append(Problem("`cases` needs a list", "write `cases: [{given: …, expect: …}]`", node.location(file)))
        return ()
    cases = []
    for item in node.items:
        try:
            cases.append(read_case(item, params, schema, file))
        except PolicyError as error:
            problems.extend(error.problems)
    return tuple(cases)


def read_case(node: Node, params: tuple[ParameterSpec, ...], schema: Schema, file: str) -> Case:
    """One case. Raises PolicyError with every problem found."""
    problems: list[Problem] = []
    if not isinstance(node, Mapping):
        raise PolicyError(Problem("a case needs keys", "write `{given: …, expect: …}`", node.location(file)))
    reader = FactReader(schema, file, problems)
    for text, (key, _) in node.entries.items():
        if text not in KEYS:
            reader.refuse(key, f"unknown key `{text}` in a case", f"the keys are {', '.join(KEYS)}")
    expect = node.get("expect")
    if expect is None:
        reader.refuse(node, "the case expects nothing", "add `expect: pass`, `fail`, `unknown` or `not-applicable`")
    outcome = NOTHING if expect is None else reader.read_value(enum(*JUDGED), expect, "expect")
    case = Case(
        claims=tuple(_read_claims(node, schema, file, problems)),
        expect="" if outcome is NOTHING else str(outcome),
        at=_read_time(node.get("at"), reader),
        params=_read_params(node.get("params"), params, reader),
        timed_out=tuple(_read_paths(node.get("timed_out"), schema, reader)),
        location=node.location(file),
    )
    if problems:
        raise PolicyError(*problems)
    return case


def _read_claims(node: Mapping, schema: Schema, file: str, problems: list[Problem]) -> list[Fact]:
    claims: list[Fact] = []
    shared = FactReader(schema, file, problems)
    complete = set(_read_paths(node.get("complete"), schema, shared))
    for key, origin in ORIGINS.items():
        inner = node.get(key)
        if inner is None:
            continue
        reader = FactReader(
            schema,
            file,
            problems,
            origin=origin,
            source="case",
            dotted=True,
            only_writable=origin == "declared",
        )
        if isinstance(inner, Mapping):
            claims.extend(_open_list(fact, origin, complete) for fact in reader.read(inner))
        else:
            reader.refuse(inner, f"`{key}` needs fields", f"write `{key}: {{field: value}}`")
    absent = _read_paths(node.get("absent"), schema, shared)
    return [*claims, *(Fact(path, ABSENT, "observed", "case") for path in absent)]


def _open_list(fact: Fact, origin: str, complete: set[str]) -> Fact:
    """What was only observed is open, unless the case says that it is complete."""
    if isinstance(fact.value, Members) and origin != "declared" and fact.path not in complete:
        return fact._replace(value=fact.value._replace(complete=False))
    return fact


def _read_paths(node: Node | None, schema: Schema, reader: FactReader) -> list[str]:
    if node is None:
        return []
    paths = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        path = item.text if isinstance(item, Scalar) else ""
        if path in schema.fields:
            paths.append(path)
        else:
            reader.refuse(item, f"unknown field `{path}`", "name a field of the fact schema")
    return paths


def _read_time(node: Node | None, reader: FactReader) -> datetime:
    if node is None:
        return DEFAULT_TIME
    text = node.text if isinstance(node, Scalar) else ""
    time = parse_time(text)
    if time is None:
        reader.refuse(node, f"`{text}` is not a time", "write a date such as 2026-11-20, or 2026-11-20T12:00:00Z")
    return time or DEFAULT_TIME


def parse_time(text: str) -> datetime | None:
    """An ISO date or date-time as a time in UTC (a date is its first moment); None where it is neither."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar have no other time zones
        return None


def _read_params(node: Node | None, specs: Iterable[ParameterSpec], reader: FactReader) -> dict[str, Any]:
    if node is None:
        return {}
    kinds = {spec.name: spec.kind for spec in specs}
    values: dict[str, Any] = {}
    if not isinstance(node, Mapping):
        reader.refuse(node, "`params` needs names", "write `params: {name: value}`")
        return values
    for name, (key, inner) in node.entries.items():
        if name not in kinds:
            reader.refuse(
                key,
                f"the policy has no parameter `{name}`",
                f"its parameters are {', '.join(kinds) or 'none'}",
            )
            continue
        value = read_parameter(kinds[name], inner, name, reader)
        if value is not NOTHING:
            values[name] = value
    return values
