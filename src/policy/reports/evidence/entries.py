"""Facts → entries: every claim beside the others about the same, with which of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.fact import Members
from policy.model.kinds import RecordsKind
from policy.model.resolution import rank, record_key
from policy.reports.evidence.view import Entry

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from policy.model.fact import Fact
    from policy.model.facts import Facts
    from policy.model.kinds import Kind
    from policy.model.schema import Schema

DERIVED = "derived from "
# What a derived value takes for granted stands behind what it follows from.
ASSUMED = "; assumed: "


def list_entries(facts: Facts) -> Iterator[Entry]:
    """Every claim and every fact that counts, in the schema's order, the strongest claim first.

    The results of CEL expressions are left out: they are tests of policies, not facts about the project.
    """
    claimed: dict[str, list[Fact]] = {}
    for claim in facts.claims:
        claimed.setdefault(claim.path, []).append(claim)
    writer = EntryWriter(facts)
    for path, field in facts.schema.fields.items():
        group, judged = sorted(claimed.get(path, ()), key=rank), facts.judged.get(path)
        yield from writer.list_claims(path, field.kind, group, judged)
        if isinstance(field.kind, RecordsKind):
            items = judged.value.items if judged is not None and isinstance(judged.value, Members) else ()
            yield from writer.list_members(path, field.kind, group, items)


class EntryWriter:
    """Makes the entries of one path after the other."""

    def __init__(self, facts: Facts) -> None:
        self.schema = facts.schema
        self.disputes: dict[str, list[Fact]] = {}
        for found in facts.contradictions:
            self.disputes.setdefault(found.path, []).extend((found.claim, found.against))

    def list_claims(self, path: str, kind: Kind, group: list[Fact], judged: Fact | None) -> Iterator[Entry]:
        """The claims at a path, and what counts where it is none of them."""
        disputed = self.disputes.get(name_field(path), ())
        for claim in group:
            yield Entry(path, kind, claim, claim == judged, claim in disputed)
        if judged is not None and judged not in group:
            outer, dot, _ = path.rpartition(".")
            behind = list_behind(judged, self.schema, f"{outer}{dot}" if outer.endswith("]") else "")
            follows = behind or ((path,) if group else ())
            yield Entry(path, kind, judged, judged=True, contradicted=judged in disputed, follows_from=follows)

    def list_members(
        self, path: str, kind: RecordsKind, group: list[Fact], merged: tuple[dict[str, Fact], ...]
    ) -> Iterator[Entry]:
        """The fields of the records in a list: what each claim says of a record, under the record it makes part of."""
        claimed: dict[tuple[int, str], list[Fact]] = {}
        for index, name, member in place_members(kind, group, merged):
            claimed.setdefault((index, name), []).append(member)
        for index, record in enumerate(merged):
            for field in kind.fields:
                told = sorted(claimed.get((index, field.path), ()), key=rank)
                whole = f"{path}[{index}].{field.path}"
                yield from self.list_claims(whole, field.kind, told, record.get(field.path))


def name_field(path: str) -> str:
    """The path as the schema names it: `data.sources[].rows` for a field of a record."""
    outer, bracket, rest = path.partition("[")
    return f"{outer}[]{rest.partition(']')[2]}" if bracket else path


def list_behind(fact: Fact, schema: Schema, prefix: str = "") -> tuple[str, ...]:
    """The paths of the facts that a derived one follows from; those of a record with the record's `prefix`."""
    if not fact.source.startswith(DERIVED):
        return ()
    named = fact.source.removeprefix(DERIVED).partition(ASSUMED)[0].split(", ")
    if prefix:
        return tuple(f"{prefix}{name}" for name in named if name.isidentifier())
    return tuple(name for name in named if name.partition("[].")[0] in schema.fields)


def place_members(
    kind: RecordsKind, group: Iterable[Fact], merged: tuple[dict[str, Fact], ...]
) -> Iterator[tuple[int, str, Fact]]:
    """Each field that a claim states of a record, with the place of that record in the list that counts.

    Of several records with one key, a manifest states one after the other, and what is observed belongs to the first.
    """
    places: dict[Hashable, list[int]] = {}
    for index, record in enumerate(merged):
        places.setdefault(record_key(kind, record), []).append(index)
    for claim in group:
        if not isinstance(claim.value, Members):
            continue
        seen: dict[Hashable, int] = {}
        for item in claim.value.items:
            key = record_key(kind, item)
            position = seen.get(key, 0)
            if claim.origin == "declared":
                seen[key] = position + 1
            index = places[key][position] if key in places else _find_alone(item, merged)
            yield from ((index, name, member) for name, member in item.items())


def _find_alone(item: dict[str, Fact], merged: tuple[dict[str, Fact], ...]) -> int:
    """The place of a record without a key, which no other claim is merged with."""
    same = (index for index, record in enumerate(merged) if any(record.get(name) is item[name] for name in item))
    return next(same, 0)
