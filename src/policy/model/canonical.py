"""Canonical JSON (RFC 8785) and the SHA-256 digests that name every input of a decision."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import Schema
from policy.model.kinds import Kind, ListKind, RecordsKind

# Between these bounds Python and ECMAScript write a double in the same digits.
_SMALLEST, _LARGEST = 1e-4, 1e16


def canonical_json(value: Any) -> bytes:
    """`value` as RFC 8785 writes it; floats must be finite, keys text. Raises ValueError for anything else."""
    if _is_plain(value):
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode()
    import rfc8785  # the exact writer, for numbers and keys that the standard library writes in another way

    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    kind: type[Any] = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-(2**53) < value < 2**53)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_plain(item) for key, item in value.items())
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return kind is float and bool(_SMALLEST <= abs(value) < _LARGEST and value != int(value))


def digest(value: Any) -> str:
    """`sha256:` and the hexadecimal digest of the canonical JSON of `value`."""
    return "sha256:" + sha256(canonical_json(value)).hexdigest()


def encode_value(kind: Kind, value: Any, *, bare: bool = False) -> Any:
    """A fact's value as JSON: lists sorted, open ones marked; `bare` leaves out where members come from."""
    if value is ABSENT:
        return {"absent": True}
    if isinstance(value, Members):
        if isinstance(kind, RecordsKind):
            kinds = {field.path: field.kind for field in kind.fields}
            items: list[Any] = [
                {name: encode_fact(kinds[name], fact, bare=bare) for name, fact in sorted(item.items())}
                for item in value.items
            ]
        else:
            of = kind.of if isinstance(kind, ListKind) else kind
            items = [of.encode(item) for item in value.items]
        items.sort(key=canonical_json)
        return items if value.complete else {"open": items}
    return kind.encode(value)


def encode_fact(kind: Kind, fact: Fact, *, bare: bool = False) -> list[Any]:
    """A fact without its path: value and origin, then, unless `bare`, source, its digest, and position."""
    value = encode_value(kind, fact.value, bare=bare)
    if bare:
        return [value, fact.origin]
    where = fact.location
    position = [where.file, where.line, where.column] if where else None
    return [value, fact.origin, fact.source, fact.digest, position]


def encode_claims(claims: tuple[Fact, ...], schema: Schema) -> list[Any]:
    """All claims, sorted: the canonical form of what is known about a subject."""
    encoded = []
    for fact in claims:
        field = schema.get(fact.path)
        if field is not None:
            encoded.append([fact.path, *encode_fact(field.kind, fact)])
    encoded.sort(key=lambda row: (row[0], row[2], canonical_json(row)))
    return encoded
