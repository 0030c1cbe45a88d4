"""Which policy set is in use where: a change of it is an entry of its own, and found by the place that it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.layout import write_select
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.records.database import Session

FORMAT: Final = "policy-set-change/1"
CHANGE: Final = "policy-set"
"""The type of the entries."""

PLACE: Final = ("name", "config", "origin", "gate")
_PARTS: Final = ("files", "sources", "bundles", "tables")
_PLACE: Final = "name = ? AND config = ? AND origin = ? AND gate = ?"
LAST: Final = write_select("policy_sets", f"WHERE {_PLACE} ORDER BY seq DESC LIMIT 1")
_EARLIER: Final = f"SELECT max(seq) FROM policy_sets WHERE {_PLACE} AND policy_set = ?"  # noqa: S608 - marks


class Place(NamedTuple):
    """Where a policy set is in use: its name, its file, a `revision` or the `work tree` that has it, and the gate."""

    name: str
    config: str
    origin: str
    gate: str


class Use(NamedTuple):
    """The policy set of a place from entry `seq` on; `sources` is what it was read from, `mode` that of the gate."""

    place: Place
    policy_set: str
    sources: str
    mode: str
    seq: int = 0

    @property
    def row(self) -> tuple[Any, ...]:
        """As the table has it."""
        return (self.seq, *self.place, *self[1:4])


def read_row(row: tuple[Any, ...]) -> Use:
    """The use of a row."""
    seq, name, config, origin, gate, policy_set, sources, mode = row
    return Use(Place(name, config, origin, gate), policy_set, sources, mode, seq)


def write_place(place: Place) -> dict[str, str]:
    """A place as payloads have it."""
    return place._asdict()


def find_use(payload: Mapping[str, Any], seq: int = 0) -> Use | None:
    """What the payload of a decision says; None where it says nothing of a place, as those of early versions."""
    place, decision, inputs = (payload.get(name) for name in ("place", "decision", "inputs"))
    if not (type(place) is type(decision) is type(inputs) is dict):
        return None
    return _read_use(place, decision.get("policy_set"), inputs.get("policy_set"), decision.get("mode"), seq)


def read_change(payload: Mapping[str, Any], seq: int) -> tuple[Use, Use] | None:
    """What was in use before an entry and is from there on, by its payload; None where that is of no known form."""
    place, before, after = (payload.get(name) for name in ("place", "before", "after"))
    if payload.get("format") != FORMAT or not (type(place) is type(before) is type(after) is dict):
        return None
    old, new = (
        _read_use(place, said.get("policy_set"), said.get("sources"), said.get("mode"), since)
        for said, since in ((before, before.get("entry")), (after, seq))
    )
    return (old, new) if old is not None and new is not None else None


def _read_use(place: Mapping[str, Any], policy_set: Any, sources: Any, mode: Any, seq: Any) -> Use | None:
    where = Place._make(place.get(name) for name in PLACE)
    if type(seq) is not int or not all(type(text) is str for text in (*where, policy_set, sources, mode)):
        return None
    return Use(where, policy_set, sources, mode, seq)


def find_last(session: Session, place: Place) -> Use | None:
    """What was in use there last."""
    rows = session.read(LAST, place)
    return read_row(rows[0]) if rows else None


def find_earlier(session: Session, use: Use) -> int | None:
    """The last entry from which on the same policy set was in use there."""
    entry: int | None = session.read(_EARLIER, (*use.place, use.policy_set))[0][0]
    return entry


def describe_change(
    old: Use, new: Use, payload: Mapping[str, Any], files: Mapping[str, Any] | None, earlier: int | None
) -> dict[str, Any]:
    """The payload of an entry: another policy set is in use than before, as the payload of a decision shows.

    It returns to one that was in use `earlier`, as it does where two branches are judged in turn.
    """
    return {
        "format": FORMAT,
        "place": write_place(new.place),
        "before": {"policy_set": old.policy_set, "sources": old.sources, "mode": old.mode, "entry": old.seq},
        "after": {"policy_set": new.policy_set, "sources": new.sources, "mode": new.mode},
        "returns_to": earlier,
        "files": files,
        "policies_from": payload.get("policies_from"),
        "decision": payload["decision"].get("id"),
        "judged_at": payload.get("judged_at"),
        "actor": payload.get("actor"),
    }


def compare_sources(old: bytes | None, new: bytes | None) -> dict[str, list[str]] | None:
    """The files that were added, removed and changed between two documents; None where one of them is gone."""
    before, after = _list_files(old), _list_files(new)
    if before is None or after is None:
        return None
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    }


def _list_files(body: bytes | None) -> dict[str, Any] | None:
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    parts: list[Any] = [document.get(part) or {} for part in _PARTS] if isinstance(document, dict) else [None]
    if not all(isinstance(part, dict) for part in parts):
        return None
    return {name: digest for part in parts for name, digest in _walk(part)}


def _walk(part: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        if isinstance(value, dict):
            yield from ((f"{name}/{file}", digest) for file, digest in value.items())
        else:
            yield name, value
