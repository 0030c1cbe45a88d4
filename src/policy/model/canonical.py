"""Canonical JSON (RFC 8785) and the SHA-256 digests that name every input of a decision."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import Kind, ListKind, RecordsKind

if TYPE_CHECKING:
    from policy.model.schema import Schema

# Between the first two, and from the third up, Python and ECMAScript write a double in the same characters.
_SMALLEST, _LARGEST, _HUGE = 1e-4, 1e16, 1e21
_ALWAYS_PLAIN = frozenset({bool, type(None)})
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def canonical_json(value: Any) -> bytes:
    """`value` as RFC 8785 writes it; floats must be finite, keys text. Raises ValueError for anything else."""
    if _is_plain(value):
        return _ENCODER.encode(value).encode()
    if isinstance(value, list | tuple):
        # The exact writer is slow, so that it is kept for the items that need it.
        return b"[" + b",".join(map(canonical_json, value)) + b"]"
    import rfc8785  # the exact writer, for numbers and keys that the standard library writes in another way

    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    """Whether the standard library writes the value in the same way."""
    pending = [value]
    for item in pending:  # which grows on the way: a call for each value would cost more than writing it
        kind: type[Any] = type(item)
        if kind is str:
            continue
        if kind is dict:
            if not _has_plain_keys(item):
                return False
            pending += item.values()
        elif kind is list or kind is tuple:
            pending += item
        elif kind is int:
            if not -(2**53) < item < 2**53:
                return False
        elif kind not in _ALWAYS_PLAIN and (kind is not float or not _is_plain_double(item)):
            return False
    return True


def _has_plain_keys(members: dict[Any, Any]) -> bool:
    try:
        return "".join(members).isascii()
    except TypeError:  # a key that is no text
        return False


def _is_plain_double(value: float) -> bool:
    size = abs(value)
    return _HUGE <= size < float("inf") or (_SMALLEST <= size < _LARGEST and value != int(value))


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
        if len(items) > 1:
            items.sort(key=canonical_json)
        return items if value.complete else {"open": items}
    return kind.encode(value)


def encode_fact(kind: Kind, fact: Fact, *, bare: bool = False) -> list[Any]:
    """A fact without its path: value and origin, then, unless `bare`, source, its digest, and position."""
    value = encode_value(kind, fact.value, bare=bare)
    if bare:
        return [value, fact.origin]
    return [value, fact.origin, fact.source, fact.digest, list(fact.location) if fact.location else None]


def encode_claims(claims: tuple[Fact, ...], schema: Schema) -> list[Any]:
    """All claims, sorted: the canonical form of what is known about a subject."""
    encoded = []
    for fact in claims:
        field = schema.get(fact.path)
        if field is not None:
            encoded.append([fact.path, *encode_fact(field.kind, fact)])
    encoded.sort(key=_by_path)
    # Most facts are claimed once: only where path and origin are the same, the rest of the row decides.
    ordered: list[Any] = []
    for _, rows in groupby(encoded, _by_path):
        alike = list(rows)
        ordered += sorted(alike, key=canonical_json) if len(alike) > 1 else alike
    return ordered


_by_path = itemgetter(0, 2)
