"""The fields that plugins add to the fact schema, as a record keeps them, and back: without the plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.loading.policy_sets.organisation_fields import TYPES
from policy.model.kinds import COUNT, DAYS, RATE, SIGNED_DURATION, EnumKind, Kind, ListKind, enum, list_of
from policy.model.schema import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final[dict[str, Kind]] = {
    **TYPES,
    "count": COUNT,
    "rate": RATE,
    "signed duration": SIGNED_DURATION,
    "whole days": DAYS,
}
_TEXTS: Final = ("path", "about", "combine", "agree")
_FLAGS: Final = ("derived", "writable", "staked")


def encode_field(field: Field) -> dict[str, Any]:
    """The field as a document. Raises PolicyError for a kind that cannot be written."""
    listed = isinstance(field.kind, ListKind)
    of = field.kind.of if isinstance(field.kind, ListKind) else field.kind
    if isinstance(of, EnumKind):
        kind: dict[str, Any] = {"type": "enumeration", "values": list(of.choices)}
    else:
        name = next((name for name, known in KINDS.items() if known == of), None)
        if name is None:
            message = f"the field `{field.path}` of a plugin has a kind that cannot be recorded: {of.describe()}"
            raise PolicyError(Problem(message, "give it one of the kinds that a policy set can declare"))
        kind = {"type": name}
    said = {key: getattr(field, key) for key in (*_TEXTS, *_FLAGS)}
    return {**said, **kind, "list": listed, "evidence": list(field.evidence)}


def decode_field(document: Mapping[str, Any]) -> Field:
    """The field of a document. Raises PolicyError."""
    try:
        if document["type"] == "enumeration":
            of: Kind = enum(*document["values"])
        else:
            of = KINDS[document["type"]]
        texts = {key: document[key] for key in (*_TEXTS, *_FLAGS)}
        kind = list_of(of) if document["list"] else of
        return Field(kind=kind, evidence=tuple(document["evidence"]), **texts)
    except (KeyError, TypeError):
        raise PolicyError(Problem("a recorded field of a plugin cannot be read", "verify the ledger")) from None
