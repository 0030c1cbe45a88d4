"""What entries refer to by its digest: stored once, and where it is erased, who erased it and why stays."""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from policy.model.canonical import canonical_json
from policy.structs import NamedTuple, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.records.policy_sets import Use
    from policy.records.runs.rows import RunRow


class StoredObject(Record):
    """An input of a decision, or the payload of an entry, as bytes; `kind` says which: `facts`, `policy-set`."""

    kind: str
    body: bytes

    @cached_property
    def digest(self) -> str:
        """What names it."""
        return digest_bytes(self.body)


class Erased(NamedTuple):
    """What is left of an erased object: the entry that records it, when, by which person, and why."""

    seq: int
    time: str
    by: str
    reason: str


class DecisionRow(NamedTuple):
    """What decisions are found by. It repeats what the payload says; verifying compares the two."""

    decision_id: str
    project: str
    gate: str
    verdict: str
    time: str
    policy_set: str
    facts: str
    stake: str
    seq: int = 0


class Draft(NamedTuple):
    """What is to become an entry; `index` for a decision, or a step of a run, recorded once however often it comes.

    A decision that `joins` is not recorded where one is that is alike: then steps of runs after it name that one.
    From its entry on, what is stated is in `use`.
    """

    type: str
    payload: Mapping[str, Any]
    objects: Sequence[StoredObject] = ()
    index: DecisionRow | RunRow | None = None  # type: ignore[assignment] # instead of the method of tuples
    joins: bool = False
    use: Use | None = None


def digest_bytes(body: bytes) -> str:
    """`sha256:` and the hexadecimal digest."""
    return "sha256:" + sha256(body).hexdigest()


def parse_payload(digest: str, body: Any) -> dict[str, Any] | None:
    """What a payload says; None where it is erased, or is not what its digest states."""
    try:
        payload = json.loads(body) if isinstance(body, bytes) and digest_bytes(body) == digest else None
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def store_json(kind: str, value: Any) -> StoredObject:
    """A value as an object: its canonical JSON."""
    return StoredObject(kind, canonical_json(value))
