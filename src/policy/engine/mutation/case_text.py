"""A case as the line of YAML that one would add to a policy file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.language.cases import DEFAULT_TIME, ORIGINS
from policy.model.fact import ABSENT, Members
from policy.model.kinds import KindError, ListKind, PathKind, RecordsKind, StringKind
from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.fact import Fact
    from policy.model.kinds import Kind
    from policy.model.policy import Case, Policy
    from policy.model.schema import Schema

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@/-]*")


def write_case(case: Case, policy: Policy, schema: Schema) -> str:
    """`{given: {data.rows: 99}, expect: fail}`."""
    parts: dict[str, str] = {}
    for key, origin in ORIGINS.items():
        stated = (claim for claim in case.claims if not is_expression(claim.path))
        claims = [claim for claim in stated if claim.origin == origin and claim.value is not ABSENT]
        if claims:
            parts[key] = write_mapping({claim.path: write_value(claim.value, schema, claim) for claim in claims})
    complete = [claim.path for claim in case.claims if claim.origin != "declared" and is_complete(claim.value)]
    absent = [claim.path for claim in case.claims if claim.value is ABSENT]
    for key, paths in (("complete", complete), ("absent", absent), ("timed_out", case.timed_out)):
        if paths:
            parts[key] = write_list(list(paths))
    if case.at is not None and case.at != DEFAULT_TIME:
        parts["at"] = case.at.isoformat().replace("+00:00", "Z")
    if case.params:
        kinds = {spec.name: spec.kind for spec in policy.params}
        parts["params"] = write_mapping({name: write_plain(value, kinds[name]) for name, value in case.params.items()})
    return write_mapping({**parts, "expect": case.expect})


def is_complete(value: Any) -> bool:
    """Whether the value is a list that is known to be all there is."""
    return isinstance(value, Members) and value.complete


def write_value(value: Any, schema: Schema, claim: Fact) -> str:
    """The value of a fact; a list of records with the facts in it."""
    kind = schema.fields[claim.path].kind
    if isinstance(kind, RecordsKind):
        kinds = {field.path: field.kind for field in kind.fields}
        return write_list(
            [
                write_mapping({name: write_plain(fact.value, kinds[name]) for name, fact in item.items()})
                for item in value.items
            ]
        )
    return write_plain(value, kind)


def write_plain(value: Any, kind: Kind) -> str:
    """A value of a kind without facts in it."""
    if isinstance(kind, ListKind):
        items = value.items if isinstance(value, Members) else value
        return write_list([write_plain(item, kind.of) for item in items])
    text = kind.show(value)
    return quote(text) if isinstance(kind, StringKind | PathKind) and not is_plain(text) else text


def is_plain(text: str) -> bool:
    """Whether YAML, which reads some words as something else, leaves the text as it is."""
    from policy.model.kinds import BOOLEAN

    try:
        BOOLEAN.read(text, plain=True)
    except KindError:
        return PLAIN.fullmatch(text) is not None and text.lower() not in ("null", "yes", "no", "on", "off", "y", "n")
    return False


def quote(text: str) -> str:
    """The text in quotes, with what cannot be seen by its number."""
    return '"' + "".join(escape(character) for character in text) + '"'


def escape(character: str) -> str:
    """A character as it stands between quotes."""
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def write_mapping(entries: Mapping[str, str]) -> str:
    """`{a: 1, b: 2}`."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in entries.items())}}}"


def write_list(items: list[str]) -> str:
    """`[a, b]`."""
    return f"[{', '.join(items)}]"
