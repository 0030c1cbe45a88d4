"""What entries of refusals, erasures and watched releases are about: whom, and what, as far as the entries say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policy.records.snapshot import Snapshot

    Describe = Callable[[Snapshot, Mapping[str, Any]], Iterable[Any]]


def find_others(snapshot: Snapshot, entries: Iterable[tuple[int, str]]) -> dict[int, str]:
    """By the number of each entry of such a type what it is about; of an erased one nothing is known."""
    found: dict[int, str] = {}
    for seq, kind in entries:
        describe = KINDS.get(kind)
        entry = snapshot.get_entry(seq) if describe is not None else None
        if describe is not None and entry is not None:
            said = snapshot.read_said(seq, entry.payload) or {}
            found[seq] = "  ".join(part for part in describe(snapshot, said) if isinstance(part, str) and part)
    return found


def _describe_refusal(snapshot: Snapshot, said: Mapping[str, Any]) -> Iterable[Any]:
    """Who, and what of: a run, or a version of a registered model."""
    yield _name(snapshot, said)
    if "model" in said:
        yield from ("release", said["model"], said.get("version"))
    else:
        yield from (said.get("reason"), said.get("project"), said.get("experiment_name") or said.get("experiment"))


def _describe_watched(snapshot: Snapshot, said: Mapping[str, Any]) -> Iterable[Any]:
    return (_name(snapshot, said), said.get("model"), said.get("version"), said.get("run"))


def _describe_erasure(_: Snapshot, said: Mapping[str, Any]) -> Iterable[Any]:
    """What is gone; a person is named by no more than the id."""
    return (said.get("target"),)


def _name(snapshot: Snapshot, said: Mapping[str, Any]) -> str:
    """Who it was by the directory, which may have forgotten the name."""
    person = said.get("principal")
    return snapshot.find_name(person) or person if isinstance(person, str) else ""


KINDS: dict[str, Describe] = {
    "refusal": _describe_refusal,
    "observed-release": _describe_watched,
    "erasure": _describe_erasure,
}
