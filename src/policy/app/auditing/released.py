"""How many versions of registered models were released because nothing is enforced there, by the entries about them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import parse_payload
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What tells where a version comes from; a run may be named in why it would have been refused.
NAMED: Final = ("run", "logged_model", "version")
_RUN: Final = re.compile(r"\b[0-9a-f]{32}\b")


class Seen(NamedTuple):
    """What one entry tells of a version: the ids of what it is and comes from, and its own name where it has one."""

    ids: frozenset[str]
    version: str


def count_versions(rows: Iterable[tuple[str, Any]]) -> int:
    """The versions that some entries are about, each the digest and the body of its payload.

    A version is an entry for each reason, for each person, and again when it gets an alias or a stage; when it is
    registered, it has no number yet. So entries that name the same run, logged model or version are about one, unless
    they name several numbers. Of what is erased, no more is known than that it was one.
    """
    models: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    lost = 0
    for digest, body in rows:
        said = parse_payload(digest, body)
        if said is None:
            lost += 1
        else:
            models[str(said.get("server")), str(said.get("model"))].append(read_seen(said))
    return lost + sum(map(_count_model, models.values()))


def read_seen(said: Mapping[str, Any]) -> Seen:
    """The ids that an entry names."""
    named = {name: said.get(name) for name in NAMED}
    ids = {f"{name} {value}" for name, value in named.items() if isinstance(value, str) and value}
    ids |= {f"run {run}" for run in _RUN.findall(str(said.get("said") or ""))}
    version = named["version"]
    return Seen(frozenset(ids), version if isinstance(version, str) else "")


def _count_model(several: list[Seen]) -> int:
    """The versions of one registered model; what names nothing is about one of those that others name."""
    counts = [max(len({one.version for one in alike if one.version}), 1) for alike in _group(several)]
    return sum(counts) or 1


def _group(several: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Those that have an id in common, directly or by way of others."""
    groups: list[tuple[set[str], list[Seen]]] = []
    for one in several:
        if not one.ids:
            continue
        joined, kept = (set(one.ids), [one]), []
        for group in groups:
            if group[0].isdisjoint(one.ids):
                kept.append(group)
            else:
                joined = (joined[0] | group[0], [*group[1], *joined[1]])
        groups = [*kept, joined]
    return (alike for _, alike in groups)
