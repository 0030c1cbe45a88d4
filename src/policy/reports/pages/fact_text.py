"""A field of the fact schema in words: how its value is written, and who tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.phrases import join_words
from policy.model.condition import Count, Each, FieldValue, Leaf, Some, walk
from policy.model.derived.derivations import DERIVATIONS
from policy.model.fields import COLLECTED
from policy.model.kinds import BooleanKind, EnumKind, IntegerKind, ListKind, NumberKind, RecordsKind
from policy.reports.markdown import write_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.condition import Condition, Quantifier
    from policy.model.kinds import Kind
    from policy.model.policy import Policy
    from policy.model.schema import Field, Schema

INPUTS = {derivation.path: derivation.inputs for derivation in DERIVATIONS}


def describe_kind(kind: Kind) -> str:
    """How a value is written, as Markdown."""
    match kind:
        case RecordsKind():
            return "list of records"
        case ListKind():
            return f"list of {describe_kind(kind.of)}"
        case EnumKind():
            return ", ".join(write_code(choice) for choice in kind.choices)
        case BooleanKind():
            return "`true`, `false`"
        case IntegerKind() if kind.low >= 0:
            return f"integer from {kind.low}"
        case NumberKind() if kind.high < float("inf"):
            return f"number from {kind.low:g} to {kind.high:g}"
    return kind.name


def list_facts(policy: Policy, schema: Schema) -> list[tuple[str, Field]]:
    """The facts that the policy reads, in the order of the schema, each list's own fields behind it."""
    inner: dict[str, set[str]] = {}
    for condition in (policy.when, policy.require):
        for part in walk(condition):
            if isinstance(part, Some | Each | Count):
                inner.setdefault(part.path, set()).update(_list_members(part))
    facts = []
    for field in schema.fields.values():
        if field.path in policy.paths:
            facts.append((field.path, field))
            members = field.kind.fields if isinstance(field.kind, RecordsKind) else ()
            read = inner.get(field.path, set())
            facts += [(f"{field.path}[].{member.path}", member) for member in members if member.path in read]
    return facts


def _list_members(quantifier: Quantifier) -> Iterator[str]:
    conditions: tuple[Condition, ...] = (quantifier.where,)
    if isinstance(quantifier, Each):
        conditions = (*conditions, quantifier.require)
    for condition in conditions:
        for part in walk(condition):
            if isinstance(part, Leaf):
                yield part.path
                if isinstance(part.operand, FieldValue):
                    yield part.operand.path


def describe_teller(field: Field, *, observed: bool) -> str:
    """Who tells the fact; `observed` where only evidence counts."""
    sources = [source if source in COLLECTED else f"{source} (with a plugin)" for source in field.evidence]
    told = [] if observed or not field.writable else ["the manifest"]
    if field.derived and not observed:
        told.append(_say_derivation(field.path))
    return "; ".join([*told, *sources]) or "evidence, from a plugin"


def _say_derivation(path: str) -> str:
    if path.startswith("approval."):
        return "approvals"
    inputs = INPUTS.get(path)
    if inputs == ():
        return "the gate that judges"
    return f"follows from {join_words([*map(write_code, inputs)], 'and') if inputs else 'other facts'}"
