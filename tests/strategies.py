"""Hypothesis strategies: well-typed policies over the whole fact schema, and facts that they can be judged on."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from hypothesis import strategies as st

from policy.language.operands import comparable, operand_kind
from policy.language.vocabulary import COUNT_TESTS, MEMBERSHIP, PRESENT, SEVERAL, tests_for
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Now,
    Operand,
    Parameter,
    Some,
    walk,
)
from policy.model.fact import ABSENT, Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import (
    COUNT,
    DAYS,
    LARGEST_INTEGER,
    UNITS_MS,
    BooleanKind,
    DateKind,
    DurationKind,
    EnumKind,
    IntegerKind,
    Kind,
    ListKind,
    MoneyKind,
    NumberKind,
    PathKind,
    RecordsKind,
)
from policy.model.money import Money
from policy.model.policy import ParameterSpec, Policy
from policy.model.schema import Field

DAY = UNITS_MS["d"]
# Fields that meet each other: lists of records, one name inside and outside of them, pairs of one kind.
MEETING = [
    "tried",
    "data.sources",
    "approach",
    "data.rows",
    "training.epochs",
    "cost.run",
    "budget.per_run",
    "model.retires",
    "release.retires",
    "purpose",
    "data.license_terms",
    "model.base",
    "model.provider",
    "needs.latency_p95",
    "evaluation.latency_p95",
]
# Few values, so that tests meet as often as they miss; beside them any value of the kind.
WORDS = ["a", "ab", "abab", "B", "1234567", "a/b", "é", "true"]
PATTERNS = ["a", "a.*", "(ab)+", "[0-9a-f]{7,40}", "[^/]+", ".*é?"]
DATES = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date.min, date.max]
AMOUNTS = [Money(float(amount), currency) for amount in (0, 5, 100) for currency in ("USD", "EUR")]
TIMES = st.sampled_from([date(2026, 1, 1), date(2026, 1, 31), date.max])
ORIGINS = ["observed", "attested", "declared", "estimated"]

texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a scalar kind."""
    match kind:
        case BooleanKind():
            return st.booleans()
        case IntegerKind(low=low):
            return st.integers(max(low, -2), 3) | st.integers(low, LARGEST_INTEGER)
        case NumberKind(low=low, high=high):
            pool = [value for value in (-1.0, 0.0, 0.05, 0.5, 1.0, 2.5, 1e22) if low <= value <= high]
            return st.sampled_from(pool) | st.floats(max(low, -1e308), min(high, 1e308), allow_nan=False)
        case EnumKind(choices=choices):
            return st.sampled_from(choices)
        case DurationKind(signed=signed, whole_days=whole_days):
            unit, low = DAY if whole_days else 1, -LARGEST_INTEGER if signed else 0
            days = st.integers(-40 if signed else 0, 40).map(lambda count: count * DAY)
            return days | st.integers(-(-low // unit), LARGEST_INTEGER // unit).map(lambda count: count * unit)
        case DateKind():
            return st.sampled_from(DATES) | st.dates()
        case MoneyKind():
            amounts = st.integers(0, 10**12).map(lambda count: count / 10_000)
            return st.sampled_from(AMOUNTS) | st.builds(Money, amounts, st.sampled_from(["USD", "EUR", "CHF"]))
        case PathKind():
            return texts.map(posixpath.normpath)
    return texts


class Written(NamedTuple):
    """A policy under construction: its parameters and their values so far."""

    params: dict[str, tuple[Kind, Any]]

    def add(self, kind: Kind, value: Any) -> Parameter:
        name = f"p{len(self.params)}"
        self.params[name] = (kind, value)
        return Parameter(name)


Draw = Callable[[st.SearchStrategy[Any]], Any]


def draw_values(draw: Draw, kind: Kind, *, unique: bool = False) -> Any:
    """What a literal or a parameter of this kind holds."""
    if isinstance(kind, ListKind):
        return tuple(draw(st.lists(values_of(kind.of), max_size=6, unique=unique)))
    return draw(values_of(kind))


def draw_operand(draw: Draw, field: Field, test: str, scope: dict[str, Field], written: Written) -> Operand:
    """A right side that the type check lets stand after the test."""
    if test == PRESENT:
        return Literal(draw(st.booleans()))
    if test == "matches":
        return Literal(draw(st.sampled_from(PATTERNS)))
    kind = operand_kind(field.kind, test)
    single = field.kind.of if isinstance(field.kind, ListKind) else field.kind
    others = [] if test in SEVERAL else [path for path, other in scope.items() if comparable(single, other.kind)]
    forms = ["literal", "literal", "param", *(["field", "field"] if others else [])]
    if isinstance(field.kind, DateKind) and test not in MEMBERSHIP:
        forms.append("now")
    form = draw(st.sampled_from(forms))
    if form == "field":
        return FieldValue(draw(st.sampled_from(others)))
    if form == "now":
        offset = draw(values_of(DAYS))
        return Now(written.add(DAYS, offset) if draw(st.booleans()) else Literal(offset))
    if form == "param":
        return written.add(kind, draw_values(draw, kind, unique=True))
    return Literal(draw_values(draw, kind))


def draw_leaf(draw: Draw, scope: dict[str, Field], written: Written) -> Leaf:
    """A test on one field of the scope."""
    field = draw(st.sampled_from(list(scope.values())))
    tests = [PRESENT] if isinstance(field.kind, RecordsKind) else list(tests_for(field.kind))
    # `present` stands last; it is no more likely than any other test.
    test = draw(st.sampled_from(tests))
    return Leaf(field.path, test, draw_operand(draw, field, test, scope, written), field.kind)


def draw_quantifier(draw: Draw, field: Field, written: Written) -> Condition:
    """A statement about the members of a list of records."""
    assert isinstance(field.kind, RecordsKind)
    scope = {member.path: member for member in field.kind.fields}

    def inner() -> Condition:
        return draw_condition(draw, scope, written, depth=2)

    form = draw(st.sampled_from(["some", "each", "count"]))
    if form == "some":
        return Some(field.path, inner())
    where = inner() if draw(st.booleans()) else AllOf()
    if form == "each":
        return Each(field.path, where, inner())
    bounds = []
    for test in draw(st.lists(st.sampled_from(COUNT_TESTS), min_size=1, max_size=2, unique=True)):
        number = draw(st.integers(0, 3))
        bounds.append((test, written.add(COUNT, number) if draw(st.booleans()) else Literal(number)))
    return Count(field.path, where, tuple(bounds))


def draw_condition(draw: Draw, scope: dict[str, Field], written: Written, depth: int) -> Condition:
    """A condition on fields of the scope, at most so deep."""
    lists = [field for field in scope.values() if isinstance(field.kind, RecordsKind)]
    forms = ["leaf", "leaf", *(["list"] * 2 if lists else []), *(["all", "any", "not"] if depth else [])]
    form = draw(st.sampled_from(forms))
    if form == "leaf":
        return draw_leaf(draw, scope, written)
    if form == "list":
        return draw_quantifier(draw, draw(st.sampled_from(lists)), written)
    if form == "not":
        return Not(draw_condition(draw, scope, written, depth - 1))
    count = draw(st.integers(1, 3))
    items = tuple(draw_condition(draw, scope, written, depth - 1) for _ in range(count))
    return AllOf(items) if form == "all" else AnyOf(items)


@st.composite
def policies(draw: Draw, *, presence: bool = True) -> Policy:
    """A policy about a few fields, so that its tests meet; without `presence` it never tests `present`."""
    written = Written({})
    fields = st.sampled_from(draw(st.sampled_from([MEETING, MEETING, list(SCHEMA.fields)])))
    names = draw(st.lists(fields, min_size=1, max_size=5, unique=True))
    scope = {name: SCHEMA.fields[name] for name in names}
    if not presence and all(isinstance(field.kind, RecordsKind) for field in scope.values()):
        scope["stage"] = SCHEMA.fields["stage"]
    when = draw_condition(draw, scope, written, depth=1) if draw(st.booleans()) else AllOf()
    require = draw_condition(draw, scope, written, depth=3)
    if not presence:
        when, require = replace_presence(when), replace_presence(require)
    used = {part.name for root in (when, require) for part in parameters_of(root)}
    params = tuple(ParameterSpec(name, kind, value) for name, (kind, value) in written.params.items() if name in used)
    policy = Policy("generated", "Generated", "low", require, when, params, {"default": "block"})
    observed = [path for path in sorted(policy.paths) if draw(st.integers(0, 4)) == 0]
    return Policy("generated", "Generated", "low", require, when, params, {"default": "block"}, frozenset(observed))


def parameters_of(condition: Condition) -> list[Parameter]:
    """Every parameter that the condition reads, also behind `now`."""
    operands: list[Any] = []
    for part in walk(condition):
        if isinstance(part, Leaf):
            operands.append(part.operand.offset if isinstance(part.operand, Now) else part.operand)
        elif isinstance(part, Count):
            operands += [operand for _, operand in part.bounds]
    return [operand for operand in operands if isinstance(operand, Parameter)]


def replace_presence(condition: Condition) -> Condition:
    """The condition with a harmless test in the place of each `present`, which is not monotonic."""
    match condition:
        case Leaf(test=test) if test == PRESENT:
            return Leaf("stage", "equals", Literal("pilot"), SCHEMA.fields["stage"].kind)
        case AllOf(items=items):
            return AllOf(tuple(map(replace_presence, items)))
        case AnyOf(items=items):
            return AnyOf(tuple(map(replace_presence, items)))
        case Not(item=item):
            return Not(replace_presence(item))
        case Some(path=path, where=where):
            return Some(path, replace_member_presence(where))
        case Each(path=path, where=where, require=require):
            return Each(path, replace_member_presence(where), replace_member_presence(require))
        case Count(path=path, where=where, bounds=bounds):
            return Count(path, replace_member_presence(where), bounds)
    return condition


def replace_member_presence(condition: Condition) -> Condition:
    """As `replace_presence`, inside a quantifier: nothing of the subject can be read there."""
    match condition:
        case Leaf(test=test) if test == PRESENT:
            return AllOf()
        case AllOf(items=items):
            return AllOf(tuple(map(replace_member_presence, items)))
        case AnyOf(items=items):
            return AnyOf(tuple(map(replace_member_presence, items)))
        case Not(item=item):
            return Not(replace_member_presence(item))
    return condition


# Facts


def draw_fact_value(draw: Draw, kind: Kind, origin: str) -> Any:
    """A value that somebody of this origin could state."""
    if isinstance(kind, RecordsKind):
        items = tuple(draw_record(draw, kind, origin) for _ in range(draw(st.integers(0, 3))))
        return Members(items, origin == "declared" or draw(st.booleans()))
    if isinstance(kind, ListKind):
        items = tuple(draw(st.lists(values_of(kind.of), max_size=3, unique=True)))
        return Members(items, origin == "declared" or draw(st.booleans()))
    return draw(values_of(kind))


def draw_record(draw: Draw, kind: RecordsKind, origin: str) -> dict[str, Fact]:
    """One record; each of its fields is known, absent or unknown."""
    record = {}
    for field in kind.fields:
        state = draw(st.sampled_from(["known", "known", "unknown", "absent"]))
        if state != "unknown":
            value = ABSENT if state == "absent" else draw_fact_value(draw, field.kind, origin)
            record[field.path] = Fact(field.path, value, origin)
    return record


@st.composite
def facts_about(draw: Draw, paths: list[str]) -> Facts:
    """Facts at some of the paths: claimed by nobody, by one or by two, absent, or sought in vain."""
    claims, unavailable = [], {}
    for path in paths:
        state = draw(st.sampled_from(["one", "one", "one", "two", "none", "absent", "timed out"]))
        for _ in range({"one": 1, "two": 2}.get(state, 0)):
            origin = draw(st.sampled_from(ORIGINS))
            claims.append(Fact(path, draw_fact_value(draw, SCHEMA.fields[path].kind, origin), origin))
        if state == "absent":
            claims.append(Fact(path, ABSENT, "observed"))
        if state == "timed out":
            unavailable[path] = "timed out"
    return Facts(claims, unavailable=unavailable)


class Situation(NamedTuple):
    """A policy, the values of its parameters, facts and a day to judge it on."""

    policy: Policy
    params: dict[str, Any]
    facts: Facts
    today: date


@st.composite
def situations(draw: Draw, *, presence: bool = True) -> Situation:
    """A policy and facts that it reads."""
    policy = draw(policies(presence=presence))
    facts = draw(facts_about(sorted(policy.paths)))
    return Situation(policy, {spec.name: spec.default for spec in policy.params}, facts, draw(TIMES))


# A policy as YAML


def print_policy(policy: Policy) -> str:
    """The policy in the surface form, for reading it back."""
    lines = [f"policy: {policy.id}", f"title: {policy.title}", f"severity: {policy.severity}", "effect: block"]
    if policy.when != AllOf():
        lines.append(f"when: {print_condition(policy.when)}")
    lines.append(f"require: {print_condition(policy.require)}")
    if policy.params:
        params = [f"{spec.name}: {{default: {print_value(spec.default, spec.kind)}}}" for spec in policy.params]
        lines.append(f"params: {{{', '.join(params)}}}")
    if policy.observed:
        lines.append(f"observed: [{', '.join(sorted(policy.observed))}]")
    return "\n".join(lines) + "\n"


def print_condition(condition: Condition) -> str:
    """The condition in flow style."""
    match condition:
        case AllOf(items=items):
            return f"{{all: [{', '.join(map(print_condition, items))}]}}"
        case AnyOf(items=items):
            return f"{{any: [{', '.join(map(print_condition, items))}]}}"
        case Not(item=item):
            return f"{{not: {print_condition(item)}}}"
        case Some(path=path, where=where):
            return f"{{{path}: {{some: {print_condition(where)}}}}}"
        case Each(path=path, where=where, require=require):
            return f"{{{path}: {{each: {{{print_where(where)}require: {print_condition(require)}}}}}}}"
        case Count(path=path, where=where, bounds=bounds):
            said = ", ".join(f"{test}: {print_operand(operand, COUNT)}" for test, operand in bounds)
            return f"{{{path}: {{count: {{{print_where(where)}{said}}}}}}}"
    assert isinstance(condition, Leaf)
    kind = BooleanKind("boolean") if condition.test == PRESENT else operand_kind(condition.kind, condition.test)
    return f"{{{condition.path}: {{{condition.test}: {print_operand(condition.operand, kind)}}}}}"


def print_where(where: Condition) -> str:
    """The `where` of a quantifier, and nothing for none."""
    return "" if where == AllOf() else f"where: {print_condition(where)}, "


def print_operand(operand: Operand, kind: Kind) -> str:
    """The right side of a test."""
    match operand:
        case Parameter(name=name):
            return f"{{param: {name}}}"
        case FieldValue(path=path):
            return f"{{field: {path}}}"
        case Now(offset=offset):
            return f"{{now: {print_operand(offset, DAYS)}}}"
    return print_value(operand.value, kind)


def print_value(value: Any, kind: Kind) -> str:
    """A literal; text in quotes, with everything but plain characters escaped."""
    if isinstance(kind, ListKind):
        return f"[{', '.join(print_value(item, kind.of) for item in value)}]"
    if kind.textual:
        return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in value) + '"'
    return kind.show(value)
