"""A case that tells a policy from its mutant: one of its own cases with one fact changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.engine.mutation.neighbours import find_neighbours
from policy.language.cases import DEFAULT_TIME
from policy.language.compiler import compile_policy
from policy.language.interpreter import add_days
from policy.language.vocabulary import SEVERAL
from policy.model.condition import FieldValue, Leaf, Literal, Now, Operand, Parameter, walk
from policy.model.fact import ABSENT, Absent, Fact, Members
from policy.model.facts import Facts
from policy.model.kinds import BooleanKind, EnumKind, ListKind, RecordsKind
from policy.model.policy import Case
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.language.compiler import Judge
    from policy.model.kinds import Kind
    from policy.model.policy import Policy
    from policy.model.schema import Schema

# Enough for one change of every fact in some dozens of cases; who has more need is told nothing.
MOST_TRIES = 4000
PREFERRED = {"fail": 0, "pass": 1}


class Change(NamedTuple):
    """The claims of a case with one of them changed, and the paths that a collector ran out of time for."""

    claims: tuple[Fact, ...]
    timed_out: tuple[str, ...] = ()


def find_witness(policy: Policy, mutant: Policy, schema: Schema, *, most_tries: int = MOST_TRIES) -> Case | None:
    """A case that the policy judges as it says and the mutant otherwise; None if none was found."""
    telling = Telling(policy, mutant, schema)
    tries = 0
    # Short cases that are decided say most, and a failure that must not happen says more than a pass.
    for case in sorted(policy.cases, key=lambda case: (PREFERRED.get(case.expect, 2), len(case.claims))):
        for change in telling.vary(case):
            tries += 1
            if tries > most_tries:
                return None
            if telling.tells(change, case):
                outcome, _ = telling.judge(change, case)
                return Case(change.claims, outcome, case.at, case.params, change.timed_out)
    return None


class Telling:
    """Looks for facts that a policy and its mutant judge differently."""

    def __init__(self, policy: Policy, mutant: Policy, schema: Schema) -> None:
        self.policies = policy, mutant
        self.policy = policy
        self.schema = schema
        # What an expression reads cannot be changed: nobody would evaluate it anew.
        tests = (part for half in (policy.when, policy.require) for part in walk(half) if isinstance(part, Leaf))
        self._settled = frozenset(path for test in tests for path in test.reads)
        self._compiled: dict[tuple[Any, ...], Judge] = {}

    def judge(self, change: Change, case: Case) -> tuple[str, ...]:
        """What the policy and the mutant say of the case so changed."""
        facts = Facts(change.claims, self.schema, unavailable=dict.fromkeys(change.timed_out, "timed out"))
        today = (case.at or DEFAULT_TIME).date()
        outcomes = []
        for policy in self.policies:
            proven = facts.proven_values if policy.observed else {}
            judge = self._compile(policy, case)
            outcomes.append(judge(facts.values, proven, facts.unavailable, today))
        return tuple(outcomes)

    def _compile(self, policy: Policy, case: Case) -> Judge:
        params = {**get_defaults(policy), **case.params}
        key = (policy is self.policy, *params.items())
        if key not in self._compiled:
            self._compiled[key] = compile_policy(policy, params)
        return self._compiled[key]

    def tells(self, change: Change, case: Case) -> bool:
        first, second = self.judge(change, case)
        return first != second

    def vary(self, case: Case) -> Iterator[Change]:
        """The case with one fact unknown, absent, not found in time, or of another value."""
        yield Change(case.claims, case.timed_out)
        for path in sorted(self.policy.paths & self.schema.fields.keys() - self._settled):
            others = tuple(claim for claim in case.claims if claim.path != path)
            own = [claim for claim in case.claims if claim.path == path]
            first = case.claims.index(own[0]) if own else len(others)
            origin = own[0].origin if own else self._choose_origin(path)
            for value in self._find_values(path, own, origin, case):
                changed = Fact(path, value, origin, "case")
                yield Change((*others[:first], changed, *others[first:]), case.timed_out)
            if own:
                yield Change(others, case.timed_out)
            yield Change((*others, Fact(path, ABSENT, "observed", "case")), case.timed_out)
            yield Change(others, (*case.timed_out, path))

    def _choose_origin(self, path: str) -> str:
        """Who would state the fact so that it counts."""
        return "declared" if self.schema.fields[path].writable and path not in self.policy.observed else "observed"

    def _find_values(self, path: str, own: list[Fact], origin: str, case: Case) -> Iterator[Any]:
        kind = self.schema.fields[path].kind
        if isinstance(kind, RecordsKind):
            yield from self._find_members(kind, own, origin, case)
        elif isinstance(kind, ListKind):
            for item in self.find_scalars(path, kind.of, case):
                yield Members((item,), complete=True)
            yield Members((), complete=True)
        else:
            yield from self.find_scalars(path, kind, case)

    def _find_members(self, kind: RecordsKind, own: list[Fact], origin: str, case: Case) -> Iterator[Members]:
        """The lists that differ in one field of one record, or in one record."""
        stated = [claim.value.items for claim in own if isinstance(claim.value, Members)]
        items: tuple[dict[str, Fact], ...] = stated[0] if stated else ()
        complete = origin == "declared"
        yield Members((), complete=complete)
        for position, item in enumerate(items or ({},)):
            for field in kind.fields:
                rest = {name: fact for name, fact in item.items() if name != field.path}
                values = [*self.find_scalars(field.path, field.kind, case), None]
                for value in values if not isinstance(field.kind, ListKind) else []:
                    made = rest if value is None else {**item, field.path: Fact(field.path, value, origin, "case")}
                    yield Members((*items[:position], made, *items[position + 1 :]), complete=complete)
                    yield Members((*items, made), complete=complete)

    def find_scalars(self, path: str, kind: Kind, case: Case) -> list[Any]:
        """Values of a field at which the outcome may turn: what it is compared with, and what lies next to that."""
        if isinstance(kind, BooleanKind):
            return [True, False]
        if isinstance(kind, EnumKind):
            return list(kind.choices)
        found: dict[Any, None] = {}
        for policy in self.policies:
            params = {**get_defaults(policy), **case.params}
            for leaf in (*walk(policy.when), *walk(policy.require)):
                if isinstance(leaf, Leaf) and path in (leaf.path, getattr(leaf.operand, "path", None)):
                    for value in read_operand(leaf, params, case):
                        found.update(dict.fromkeys((value, *find_neighbours(value, kind))))
        return [value for value in found if fits(value, kind)]


def read_operand(leaf: Leaf, params: Mapping[str, Any], case: Case) -> Iterator[Any]:
    """The values that a test compares with, as far as they are known."""
    value = resolve(leaf.operand, params, case)
    if isinstance(leaf.operand, FieldValue):
        known = [claim.value for claim in case.claims if claim.path in (leaf.path, leaf.operand.path)]
        yield from (value for value in known if not isinstance(value, Absent | Members))
    elif leaf.test in SEVERAL:
        yield from value or ()
    elif value is not None and not isinstance(value, bool):
        yield value


def resolve(operand: Operand, params: Mapping[str, Any], case: Case) -> Any:
    """The value on the right side; None where nobody gave one."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Parameter):
        return params.get(operand.name)
    if isinstance(operand, Now) and (offset := resolve(operand.offset, params, case)) is not None:
        return add_days((case.at or DEFAULT_TIME).date(), offset)
    return None


def fits(value: Any, kind: Kind) -> bool:
    """Whether a manifest could state the value."""
    from policy.model.kinds import KindError

    try:
        kind.read(kind.show(value), plain=True)
    except (KindError, ValueError, TypeError, AttributeError):
        return False
    return True


def get_defaults(policy: Policy) -> dict[str, Any]:
    """The values of the policy's parameters where nobody sets them."""
    return {spec.name: spec.default for spec in policy.params if spec.default is not None}
