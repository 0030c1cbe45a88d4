"""What is called stricter never lets a subject fare better, and what is called milder never lets it fare worse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.app.set_diff.direction import compare as compare_conditions
from policy.app.set_diff.direction import join_signs, negate
from policy.app.set_diff.normal_form import normalise
from policy.engine.mutation.mutants import find_mutants
from policy.language.interpreter import judge_policy
from policy.model.condition import AllOf, AnyOf, Not
from policy.model.policy import Policy
from tests.building import make_policy
from tests.strategies import Situation, policies, situations

# How a subject fares; what passes and what does not apply are both left alone.
RANKS = {"pass": 0, "not-applicable": 0, "unknown": 1, "fail": 2}

ROWS = "require: {data.rows: {at_least: 3}}"
BOTH = "require: {all: [{data.rows: {at_least: 3}}, {stage: pilot}]}"
EITHER = "require: {any: [{data.rows: {at_least: 3}}, {stage: pilot}]}"
LISTED = "require: {approach: [rag, few-shot]}"
ENTRIES = "require: {data.sources: {each: {where: {split: train}, require: {rows: {at_least: 5}}}}}"
COUNTED = "require: {tried: {count: {where: {score: {at_least: 0.5}}, at_least: 2}}}"
CASES = {
    "the same": (ROWS, ROWS, 0),
    "another bound": (ROWS, "require: {data.rows: {at_least: 4}}", 1),
    "a bound from above": ("require: {data.rows: {at_most: 9}}", "require: {data.rows: {at_most: 8}}", 1),
    "the bound itself": (ROWS, "require: {data.rows: {more_than: 3}}", 1),
    "the bound from above itself": (
        "require: {data.rows: {less_than: 3}}",
        "require: {data.rows: {at_most: 3}}",
        -1,
    ),
    "another bound and another test": (ROWS, "require: {data.rows: {more_than: 4}}", None),
    "another field": (ROWS, "require: {data.tokens: {at_least: 3}}", None),
    "a part more": (ROWS, BOTH, 1),
    "an alternative more": (ROWS, EITHER, -1),
    "all instead of any": (EITHER, BOTH, None),
    "a part changed": (BOTH, BOTH.replace("3", "2"), -1),
    "two parts changed": (BOTH, BOTH.replace("3", "2").replace("pilot", "production"), None),
    "another order": (BOTH, "require: {all: [{stage: pilot}, {data.rows: {at_least: 3}}]}", 0),
    "in brackets": (ROWS, "require: {all: [{any: [{data.rows: {at_least: 3}}]}]}", 0),
    "not not": (ROWS, "require: {not: {not: {data.rows: {at_least: 3}}}}", 0),
    "under not": ("require: {not: {data.rows: {at_least: 3}}}", "require: {not: {data.rows: {at_least: 4}}}", -1),
    "turned around": (ROWS, "require: {not: {data.rows: {at_least: 3}}}", None),
    "a choice less": (LISTED, "require: {approach: rag}", 1),
    "a choice more": (LISTED, "require: {approach: [rag, few-shot, hybrid]}", -1),
    "choices in another order": (LISTED, "require: {approach: [few-shot, rag]}", 0),
    "another choice": (LISTED, "require: {approach: [rag, hybrid]}", None),
    "a condition": (ROWS, f"when: {{stage: pilot}}\n{ROWS}", -1),
    "a condition less": (f"when: {{stage: pilot}}\n{ROWS}", ROWS, 1),
    "a wider condition": (f"when: {{stage: pilot}}\n{ROWS}", f"when: {{stage: [pilot, production]}}\n{ROWS}", 1),
    "wider and milder": (f"when: {{stage: pilot}}\n{ROWS}", ROWS.replace("3", "2"), None),
    "entries": (ENTRIES, ENTRIES.replace("5", "6"), 1),
    "fewer entries": (ENTRIES, ENTRIES.replace("{split: train}", "{all: [{split: train}, {rows: {at_least: 1}}]}"), -1),
    "every entry instead of some": (ENTRIES, "require: {data.sources: {some: {split: train}}}", None),
    "more of them": (COUNTED, COUNTED.replace("2", "3"), 1),
    "harder to count": (COUNTED, COUNTED.replace("0.5", "0.6"), 1),
    "a bound more": (COUNTED, COUNTED.replace("at_least: 2", "at_least: 2, at_most: 4"), None),
    "a later day": (
        "require: {model.retires: {more_than: {now: 30d}}}",
        "require: {model.retires: {more_than: {now: 60d}}}",
        1,
    ),
    "stated or not": ("require: {data.rows: {present: true}}", "require: {data.rows: {present: false}}", None),
    "money of one currency": (
        "require: {cost.run: {at_most: 200 USD}}",
        "require: {cost.run: {at_most: 100 USD}}",
        1,
    ),
    "money of another currency": (
        "require: {cost.run: {at_most: 200 USD}}",
        "require: {cost.run: {at_most: 100 EUR}}",
        None,
    ),
}
MIRRORED = {1: -1, -1: 1, 0: 0, None: None}


def compare_violations(old: Policy, new: Policy, values: tuple[dict[str, Any], dict[str, Any]]) -> int | None:
    """As `policy diff` sums up a policy: a stricter `when`, or a `require` that is harder to meet."""
    meant, required = (
        compare_conditions(normalise(before, values[0]), normalise(after, values[1]))
        for before, after in ((old.when, new.when), (old.require, new.require))
    )
    return join_signs((meant, negate(required)))


def compare(old: Policy, new: Policy) -> int | None:
    values = [{spec.name: spec.default for spec in policy.params} for policy in (old, new)]
    return compare_violations(old, new, (values[0], values[1]))


@pytest.mark.parametrize("case", CASES)
def test_what_can_be_told(case):
    old, new, sign = CASES[case]
    pair = make_policy(old), make_policy(new)
    assert compare(*pair) == sign
    assert compare(*reversed(pair)) == MIRRORED[sign]


def test_a_value_behind_a_parameter_is_that_value():
    written = make_policy(ROWS)
    behind = make_policy("require: {data.rows: {at_least: {param: p}}}\nparams: {p: {default: 3, about: rows}}")
    larger = make_policy("require: {data.rows: {at_least: {param: q}}}\nparams: {q: {default: 5, about: rows}}")
    assert compare(written, behind) == 0
    assert compare(behind, larger) == 1


def test_without_a_value_nothing_can_be_told():
    policy = make_policy("require: {data.rows: {at_least: {param: p}}}\nparams: {p: {default: 3, about: rows}}")
    assert compare_violations(policy, policy, ({}, {"p": 4})) is None


@pytest.mark.parametrize(
    ("signs", "joined"),
    [((), 0), ((0,), 0), ((0, 1), 1), ((-1, -1), -1), ((1, -1), None), ((1, None), None), ((0, None), None)],
)
def test_signs_together(signs, joined):
    assert join_signs(signs) == joined


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(situations(), st.data())
def test_whoever_is_judged_fares_as_it_says(situation: Situation, data: st.DataObject):
    mutants = list(find_mutants(situation.policy))
    if not mutants:
        return
    mutant = data.draw(st.sampled_from(mutants)).policy
    sign = compare(situation.policy, mutant)
    assert compare(mutant, situation.policy) == MIRRORED[sign]
    ranks = []
    for policy in (situation.policy, mutant):
        params = {spec.name: spec.default for spec in policy.params}
        ranks.append(RANKS[judge_policy(policy, params, situation.facts, situation.today)])
    if sign is not None and policy.observed == situation.policy.observed:
        assert (ranks[1] - ranks[0]) * (1 if sign > 0 else -1) >= 0 if sign else ranks[0] == ranks[1]


@given(policies())
def test_what_is_the_same_in_other_words(policy: Policy):
    def rewrite(condition):
        if isinstance(condition, AllOf | AnyOf):
            return type(condition)(tuple(rewrite(item) for item in reversed(condition.items)))
        return AllOf((Not(Not(condition)),))

    assert normalise(rewrite(policy.require), {}) == normalise(policy.require, {})
    assert normalise(normalise(policy.require, {}), {}) == normalise(policy.require, {})
