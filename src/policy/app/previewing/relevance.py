"""What of recorded facts the policies of a set can tell apart: facts that differ in nothing else are judged once.

Between two commits mostly positions, digests and the commit differ. Whatever may decide an outcome is kept; where that
is not plain, as for lists and for claims of one source, everything is, and of places which one comes first.
"""

from __future__ import annotations

import marshal
from collections import Counter
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from policy.language.vocabulary import PRESENT
from policy.model.condition import Count, Each, FieldValue, Leaf, Some, walk
from policy.model.derived.derivations import DERIVATIONS, DERIVING, PROVEN, STALE_TABLES
from policy.model.facts import CONTRADICTIONS, Facts
from policy.model.resolution import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.model.condition import Condition
    from policy.model.fact import Fact
    from policy.model.policy import Policy

Row = list[Any]
# Path, value, origin, source, digest and place.
_CLAIM: Final = 6
_ABSENT: Final = {"absent": True}
_FOLLOWING: Final = frozenset({*(derivation.path for derivation in DERIVATIONS), CONTRADICTIONS, STALE_TABLES})
# Its bytes are the same for equal values: later forms refer to what was written before.
_PLAIN: Final = 2


class Relevance:
    """What the policies of a set read."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        read: set[str] = set()
        noted: set[str] = set()
        self.observed: set[str] = set()
        for policy in policies:
            self.observed |= policy.observed
            for part in (*walk(policy.when), *walk(policy.require)):
                if isinstance(part, Leaf) and part.test == PRESENT:
                    noted.add(part.path)
                else:
                    read.update(_list_read(part))
        self.read = frozenset(read | DERIVING | {STALE_TABLES, CONTRADICTIONS})
        # Of these it matters only whether they are known.
        self.noted = frozenset(noted - self.read)

    def tell(self, document: dict[str, Any]) -> bytes | None:
        """What documents have in common that are judged alike; None for one that no version wrote."""
        try:
            claims = document["claims"]
            if not all(type(row) is list and len(row) == _CLAIM and type(row[0]) is str for row in claims):
                return None
            several, tied = find_several(claims)
            whole: dict[str, list[Row]] = {}
            parts: list[Any] = [document["format"], sorted(document["unavailable"]), sorted(document["faults"])]
            for row in claims:
                path, value, origin, source, _, _ = row
                if path in tied or is_list(value):
                    whole.setdefault(path, []).append(row)
                elif path in several:
                    parts.append((path, origin, value, source))
                elif path in self.read:
                    parts.append((path, origin, value))
                elif path in self.noted:
                    parts.append((path, origin, value == _ABSENT))
                elif origin in PROVEN:
                    # That anything was observed matters where nothing else was.
                    parts.append((path, origin))
            parts += map(rank_places, whole.values())
            return blake2b(marshal.dumps(parts, _PLAIN), digest_size=16).digest()
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def reduce(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document without what no policy can tell apart; of one for which `tell` has an answer."""
        several, tied = find_several(document["claims"])
        kept: list[Row] = []
        for row in document["claims"]:
            path, value, origin, source, _, _ = row
            if path in tied or is_list(value):
                kept.append(row)
            elif path in several:
                kept.append([path, value, origin, source, "", None])
            elif path in self.read or path in self.noted or origin in PROVEN:
                kept.append([path, value, origin, "", "", None])
        return {**document, "claims": kept}


def rank_places(rows: list[Row]) -> list[Any]:
    """The claims at one path, each place in them as a number: all that counts of places is which one comes first."""
    places = {tuple(place) for row in rows for place in _list_places(row) if place is not None}
    ranks = {place: rank for rank, place in enumerate(sorted(places))}
    return [_rank_row(row, ranks) for row in rows]


def is_list(value: Any) -> bool:
    """Whether a value is that of a list, complete or open."""
    return type(value) is list or (type(value) is dict and "open" in value)


def _list_items(value: Any) -> list[Any]:
    items: list[Any] = value if type(value) is list else value["open"]
    return items


def _list_places(row: Row) -> Iterator[Any]:
    yield row[5]
    for item in _list_items(row[1]) if is_list(row[1]) else ():
        if type(item) is list:
            yield from (named[5] for named in item)


def _rank_row(row: Row, ranks: dict[tuple[Any, ...], int]) -> tuple[Any, ...]:
    path, value, origin, source, digest, place = row
    told = (path, origin, source, digest, None if place is None else ranks[tuple(place)])
    if not is_list(value):
        return (*told, value)
    items = [_rank_record(item, ranks) if type(item) is list else item for item in _list_items(value)]
    return (*told, type(value) is list, items)


def _rank_record(record: list[Row], ranks: dict[tuple[Any, ...], int]) -> list[Any]:
    """The named facts of a record; behind the place may stand a path."""
    return [(*row[:5], None if row[5] is None else ranks[tuple(row[5])], *row[6:]) for row in record]


def find_several(claims: list[Row]) -> tuple[set[str], set[str]]:
    """The paths with several claims, and those of them of which positions may decide which one counts.

    That is where claims of one worth come from one source: they go by where they stand.
    """
    seen: set[str] = set()
    several: set[str] = set()
    for row in claims:
        (several if row[0] in seen else seen).add(row[0])
    told = [(row[0], row[2], row[3]) for row in claims if row[0] in several]
    if len(set(told)) == len(told):
        return several, set()
    return several, {path for (path, _, _), count in Counter(told).items() if count > 1}


def _list_read(part: Condition) -> Iterator[str]:
    """The facts that a part of a condition reads by itself."""
    if isinstance(part, Leaf):
        yield from (part.path, *part.reads)
    elif isinstance(part, Some | Each | Count):
        yield part.path
    bounds = [operand for _, operand in part.bounds] if isinstance(part, Count) else []
    operands = [part.operand] if isinstance(part, Leaf) else bounds
    yield from (operand.path for operand in operands if isinstance(operand, FieldValue))


class SlimFacts(Facts):
    """Facts of which only what policies ask evidence for is looked at again among what is proven."""

    wanted: frozenset[str] | set[str] = frozenset()

    @cached_property
    def proven(self) -> dict[str, Fact]:
        """As of all facts, at the paths that are wanted."""
        if not self.wanted.isdisjoint(_FOLLOWING):
            return super().proven
        strong = [claim for claim in self.claims if claim.origin in PROVEN and claim.path in self.wanted]
        judged, _ = resolve(strong, self.schema)
        return {path: fact for path, fact in judged.items() if fact.origin in PROVEN}
