"""A parameter that moves in its strict direction never lets a subject fare better."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.language.interpreter import judge_policy
from policy.language.operands import operand_kind
from policy.language.strictness import compare_strictness, find_strict_directions
from policy.model.condition import AllOf, AnyOf, Condition, Leaf, Not, Now, Parameter
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import (
    BOOLEAN,
    DATE,
    DAYS,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    STRING,
    ListKind,
    enum,
    list_of,
)
from policy.model.money import Money
from policy.model.policy import ParameterSpec, Policy
from tests.building import make_facts, make_policy
from tests.strategies import Situation, draw_values, situations, values_of

# How a subject fares; what passes and what does not apply are both left alone.
RANKS = {"pass": 0, "not-applicable": 0, "unknown": 1, "fail": 2}

DIRECTIONS = {
    "at_least": ("require: {data.rows: {at_least: {param: p}}}", 1),
    "more_than": ("require: {data.rows: {more_than: {param: p}}}", 1),
    "at_most": ("require: {data.rows: {at_most: {param: p}}}", -1),
    "less_than": ("require: {data.rows: {less_than: {param: p}}}", -1),
    "one_of": ("require: {model.base: {one_of: {param: p}}}", -1),
    "none_of": ("require: {model.base: {none_of: {param: p}}}", 1),
    "contains_any": ("require: {purpose: {contains_any: {param: p}}}", -1),
    "contains_none": ("require: {purpose: {contains_none: {param: p}}}", 1),
    "equals": ("require: {data.rows: {equals: {param: p}}}", 0),
    "not_equals": ("require: {data.rows: {not_equals: {param: p}}}", 0),
    "contains": ("require: {purpose: {contains: {param: p}}}", 0),
    "starts_with": ("require: {model.base: {starts_with: {param: p}}}", 0),
    "now": ("require: {model.retires: {more_than: {now: {param: p}}}}", 1),
    "now the other way": ("require: {model.retires: {at_most: {now: {param: p}}}}", -1),
    "when": ("when: {data.rows: {at_least: {param: p}}}\nrequire: {stage: pilot}", -1),
    "when one_of": ("when: {approach: {one_of: {param: p}}}\nrequire: {stage: pilot}", 1),
    "not": ("require: {not: {data.rows: {at_least: {param: p}}}}", -1),
    "not in when": ("when: {not: {data.rows: {at_least: {param: p}}}}\nrequire: {stage: pilot}", 1),
    "not not": ("require: {not: {not: {data.rows: {at_least: {param: p}}}}}", 1),
    "all and any": ("require: {any: [{stage: pilot}, {all: [{data.rows: {at_least: {param: p}}}]}]}", 1),
    "some": ("require: {tried: {some: {score: {at_least: {param: p}}}}}", 1),
    "each": ("require: {tried: {each: {require: {score: {at_least: {param: p}}}}}}", 1),
    "where of each": (
        "require: {tried: {each: {where: {score: {at_least: {param: p}}}, require: {approach: rag}}}}",
        -1,
    ),
    "where of at least so many": (
        "require: {tried: {count: {where: {score: {at_least: {param: p}}}, at_least: 1}}}",
        1,
    ),
    "where of at most so many": ("require: {tried: {count: {where: {score: {at_least: {param: p}}}, at_most: 1}}}", -1),
    "where of so many": ("require: {tried: {count: {where: {score: {at_least: {param: p}}}, equals: 1}}}", 0),
    "count at_least": ("require: {tried: {count: {at_least: {param: p}}}}", 1),
    "count at_most in when": ("when: {tried: {count: {at_most: {param: p}}}}\nrequire: {stage: pilot}", 1),
    "count equals": ("require: {tried: {count: {equals: {param: p}}}}", 0),
    "both ends": ("require: {data.rows: {at_least: {param: p}}, training.epochs: {at_most: {param: p}}}", 0),
    "both places": (
        "when: {data.rows: {at_least: {param: p}}}\nrequire: {training.epochs: {at_least: {param: p}}}",
        0,
    ),
    "twice the same way": (
        "when: {training.epochs: {less_than: {param: p}}}\nrequire: {data.rows: {at_least: {param: p}}}",
        1,
    ),
}


@pytest.mark.parametrize(("conditions", "direction"), DIRECTIONS.values(), ids=DIRECTIONS)
def test_the_strict_direction(conditions, direction):
    policy = make_policy(f"{conditions}\nparams: {{p: {{about: it}}}}\n")
    assert find_strict_directions(policy) == {"p": direction}


DAY = 86_400_000
COMPARED: list[tuple[Any, int, Any, Any, int | None]] = [
    (INTEGER, 1, 3, 4, 1),
    (INTEGER, 1, 4, 3, -1),
    (INTEGER, -1, 4, 3, 1),
    (INTEGER, 1, 3, 3, 0),
    (INTEGER, 0, 3, 3, 0),
    (INTEGER, 0, 3, 4, None),
    (NUMBER, 1, 1, 1.0, 0),
    (NUMBER, 1, -0.0, 0.0, 0),
    (NUMBER, -1, 0.5, 0.25, 1),
    (DURATION, 1, 30 * DAY, 31 * DAY, 1),
    (DATE, -1, date(2027, 1, 2), date(2027, 1, 1), 1),
    (MONEY, -1, Money(5.0, "USD"), Money(4.0, "USD"), 1),
    (MONEY, -1, Money(4.0, "USD"), Money(5.0, "USD"), -1),
    (MONEY, -1, Money(5.0, "USD"), Money(4.0, "EUR"), None),
    (MONEY, -1, Money(5.0, "USD"), Money(0.0, "EUR"), 1),
    (MONEY, 1, Money(0.0, "USD"), Money(0.0, "EUR"), 0),
    (STRING, 1, "a", "b", None),
    (STRING, 1, "a", "a", 0),
    (BOOLEAN, 1, False, True, None),
    (enum("a", "b"), 1, "a", "b", None),
    (list_of(STRING), 1, ("a",), ("a", "b"), 1),
    (list_of(STRING), -1, ("a",), ("a", "b"), -1),
    (list_of(STRING), -1, ("a",), (), 1),
    (list_of(STRING), 1, (), ("a",), 1),
    (list_of(STRING), 1, ("a", "b"), ("b", "a", "a"), 0),
    (list_of(STRING), 1, ("a", "b"), ("b", "c"), None),
    (list_of(STRING), 0, ("a",), ("a", "b"), None),
    (INTEGER, 0, None, 4, 1),
    (list_of(STRING), -1, None, ("a",), 1),
]


@pytest.mark.parametrize(("kind", "direction", "old", "new", "expected"), COMPARED)
def test_what_is_stricter(kind, direction, old, new, expected):
    assert compare_strictness(kind, direction, old, new) == expected


def judge(situation: Situation, params: dict[str, Any]) -> int:
    return RANKS[judge_policy(situation.policy, params, situation.facts, situation.today)]


@settings(max_examples=400)
@given(situations(), st.data())
def test_a_stricter_value_lets_nobody_fare_better(situation, data):
    directions = find_strict_directions(situation.policy)
    assert directions.keys() == {spec.name for spec in situation.policy.params}
    before = judge(situation, situation.params)
    params = dict(situation.params)
    moves: set[int] = set()
    for spec in situation.policy.params:
        value = draw_values(data.draw, spec.kind, unique=True)
        change = compare_strictness(spec.kind, directions[spec.name], params[spec.name], value)
        # All that move do so in one way, so that they add up.
        if change is not None and moves | {change} != {-1, 1}:
            moves |= {change} - {0}
            params[spec.name] = value
    after = judge(situation, params)
    assert after >= before if 1 in moves else after <= before
    assert moves or after == before


TESTS = [
    ("data.rows", "at_least"),
    ("data.rows", "less_than"),
    ("training.epochs", "more_than"),
    ("budget.per_run", "at_most"),
    ("budget.per_run", "at_least"),
    ("model.retires", "more_than"),
    ("approach", "one_of"),
    ("budget.per_run", "none_of"),
    ("purpose", "contains_any"),
    ("purpose", "contains_none"),
]


@pytest.mark.parametrize("place", ["require", "not", "when"])
@pytest.mark.parametrize(
    ("path", "test", "now"),
    [*((*named, False) for named in TESTS), *(("model.retires", test, True) for test in ("more_than", "at_most"))],
)
@settings(max_examples=60)
@given(data=st.data())
def test_each_test_by_itself(path, test, place, now, data):
    field = SCHEMA.fields[path]
    kind = DAYS if now else operand_kind(field.kind, test)
    operand = Now(Parameter("p")) if now else Parameter("p")
    leaf = Leaf(path, test, operand, field.kind)
    requires: dict[str, Condition] = {"require": leaf, "not": Not(leaf), "when": AnyOf()}
    require, spec = requires[place], ParameterSpec("p", kind)
    policy = Policy("one", "One", "low", require, leaf if place == "when" else AllOf(), (spec,), {"default": "flag"})
    old, new = (draw_values(data.draw, kind, unique=True) for _ in range(2))
    if isinstance(kind, ListKind) and data.draw(st.booleans()):
        new = (*old, *new)
    change = compare_strictness(kind, find_strict_directions(policy)["p"], old, new)
    value = data.draw(values_of(field.kind if not isinstance(field.kind, ListKind) else field.kind.of))
    near = data.draw(st.sampled_from([value, *(item for item in (old, new) if kind == field.kind)]))
    fact = Members((value,), complete=True) if isinstance(field.kind, ListKind) else near
    facts = Facts((Fact(path, fact),))
    outcomes = [RANKS[judge_policy(policy, {"p": item}, facts, date(2026, 1, 1))] for item in (old, new)]
    assert change is None or (outcomes[1] - outcomes[0]) * change >= 0
    assert change != 0 or outcomes[0] == outcomes[1]


@given(situations())
def test_a_policy_without_its_parameter_is_left_alone_by_nobody_more(situation):
    """What has no value does not apply: whatever is set then, nobody fares better."""
    unset = {name: value for name, value in situation.params.items() if name != "p0"}
    assert judge(situation, unset) <= judge(situation, situation.params)


def test_moving_a_parameter_can_change_the_outcome():
    """The property above is not true for want of anything that moves."""
    policy = make_policy("require: {data.rows: {at_least: {param: p}}}\nparams: {p: {default: 10}}\n")
    facts = make_facts("data: {rows: 50}")
    outcomes = [judge_policy(policy, {"p": value}, facts, date(2026, 1, 1)) for value in (50, 51)]
    assert outcomes == ["pass", "fail"]
