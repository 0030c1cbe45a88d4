"""What a condition stands on: the facts that it reads, of the subject or of one entry of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.comparison import conjoin, disjoin
from policy.language.interpreter import Scope, evaluate, make_scope
from policy.model.condition import AllOf, AnyOf, Each, Not
from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import RecordsKind
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from policy.model.condition import Condition, Quantifier
    from policy.model.facts import Facts
    from policy.model.policy import Policy
    from policy.model.schema import Field


class Ground(NamedTuple):
    """The facts by path, the fields that they belong to, and the plain values that are judged.

    `unproven` holds what is known and does not count, because the policy asks for evidence; `unavailable`
    why evidence could not be had; `prefix` stands before the paths of an entry's own fields. `known` keeps
    results, for an explanation asks for each several times, with its condition, so that no other takes its place.
    """

    scope: Scope
    facts: Mapping[str, Fact]
    fields: Mapping[str, Field]
    unproven: Mapping[str, Fact]
    unavailable: Mapping[str, str]
    known: dict[int, tuple[Condition, bool | None]]
    prefix: str = ""

    def holds(self, condition: Condition, *, negated: bool = False) -> bool | None:
        """Whether the condition, or its opposite, is met."""
        kept = self.known.get(id(condition))
        if kept is None:
            kept = self.known[id(condition)] = (condition, self._judge(condition))
        return kept[1] if kept[1] is None else kept[1] != negated

    def _judge(self, condition: Condition) -> bool | None:
        """The truth of a condition, its parts by what is known of them already."""
        if isinstance(condition, AllOf):
            return conjoin([self.holds(item) for item in condition.items])
        if isinstance(condition, AnyOf):
            return disjoin([self.holds(item) for item in condition.items])
        return evaluate(condition, self.scope)

    def entries(self, path: str) -> list[Entry]:
        """What is known to be in a list of records."""
        fact, kind = self.facts.get(path), self.fields[path].kind
        if fact is None or not isinstance(fact.value, Members) or not isinstance(kind, RecordsKind):
            return []
        values = self.scope.look_up(path).items
        return [
            Entry(name_entry(kind, item, number), self._enter(path, kind, item, plain))
            for number, (item, plain) in enumerate(zip(fact.value.items, values, strict=True), 1)
        ]

    def _enter(self, path: str, kind: RecordsKind, item: Mapping[str, Fact], plain: Mapping[str, Any]) -> Ground:
        fields = {field.path: field for field in kind.fields}
        return Ground(self.scope.of_member(plain), item, fields, {}, {}, {}, f"{path}[].")


class Entry(NamedTuple):
    """One entry of a list: how it is called, and its own facts."""

    name: str
    ground: Ground


class Counts(NamedTuple):
    """How many entries of a list are meant by a quantifier, and how many may be."""

    known: int
    possible: int | None


def make_ground(policy: Policy, params: Mapping[str, Any], facts: Facts, today: date) -> Ground:
    """What a policy stands on."""
    judged: Mapping[str, Fact] = facts.judged
    unproven: dict[str, Fact] = {}
    if policy.observed:
        proven = facts.proven
        unproven = {path: judged[path] for path in policy.observed if path in judged and path not in proven}
        counted = {path: proven[path] for path in policy.observed if path in proven}
        judged = {**{path: fact for path, fact in judged.items() if path not in policy.observed}, **counted}
    scope = make_scope(policy, params, facts, today)
    return Ground(scope, judged, facts.schema.fields, unproven, facts.unavailable, {})


def name_entry(kind: RecordsKind, item: Mapping[str, Fact], number: int) -> str:
    """What an entry is called: the first of its keys that is known, else its number."""
    for name in kind.keys:
        if name in item and item[name].value is not ABSENT:
            return str(item[name].value)
    return f"entry {number}"


def count_entries(quantifier: Quantifier, ground: Ground) -> Counts:
    """How many entries meet a quantifier's `where`, and how many may."""
    met = [entry.ground.holds(quantifier.where) for entry in ground.entries(quantifier.path)]
    fact = ground.facts.get(quantifier.path)
    closed = fact is not None and (fact.value is ABSENT or fact.value.complete)
    return Counts(met.count(True), met.count(True) + met.count(None) if closed else None)


def find_broken(quantifier: Each, ground: Ground) -> list[Entry]:
    """The entries that break an `each`; where none does for sure, those that may."""
    kept = AnyOf((Not(quantifier.where), quantifier.require))
    results = [(entry, entry.ground.holds(kept)) for entry in ground.entries(quantifier.path)]
    broken = [entry for entry, result in results if result is False]
    return broken or [entry for entry, result in results if result is None]
