"""Every small mistake that could be made in a policy, made once."""

from __future__ import annotations

import pytest
from hypothesis import given

from policy.engine.mutation.mutants import Mutant, find_mutants, identify
from policy.language.compiler import compile_policy
from policy.language.encoding import encode_condition
from policy.language.interpreter import judge_policy
from policy.model.policy import Policy
from tests.building import make_policy
from tests.strategies import Situation, policies, print_condition, situations


def mutate(text: str) -> dict[str, Mutant]:
    mutants = list(find_mutants(make_policy(text)))
    found = {mutant.id: mutant for mutant in mutants}
    assert len(found) == len(mutants), "every mutant has a name of its own"
    return found


def list_changes(require: str) -> dict[str, str]:
    """Per mutant, without `require.`, what it requires in flow style."""
    return {
        name.removeprefix("require."): print_condition(mutant.policy.require)
        for name, mutant in mutate(f"require: {require}").items()
    }


@pytest.mark.parametrize(
    ("require", "expected"),
    [
        (
            "{data.rows: {at_least: 5}}",
            {
                "data.rows.at_least dropped": "{all: []}",
                "data.rows.at_least becomes more_than": "{data.rows: {more_than: 5}}",
                "data.rows.at_least becomes less_than": "{data.rows: {less_than: 5}}",
                "data.rows.at_least with 4": "{data.rows: {at_least: 4}}",
                "data.rows.at_least with 6": "{data.rows: {at_least: 6}}",
                "data.rows.at_least unknown as false": (
                    "{all: [{data.rows: {present: true}}, {data.rows: {at_least: 5}}]}"
                ),
                "data.rows.at_least unknown as true": (
                    "{any: [{not: {data.rows: {present: true}}}, {data.rows: {at_least: 5}}]}"
                ),
            },
        ),
        (
            "{data.rows: {at_most: 5}}",
            {
                "data.rows.at_most becomes less_than": "{data.rows: {less_than: 5}}",
                "data.rows.at_most becomes more_than": "{data.rows: {more_than: 5}}",
            },
        ),
        (
            "{data.rows: {more_than: 5}}",
            {
                "data.rows.more_than becomes at_least": "{data.rows: {at_least: 5}}",
                "data.rows.more_than becomes at_most": "{data.rows: {at_most: 5}}",
            },
        ),
        (
            "{data.rows: {less_than: 5}}",
            {
                "data.rows.less_than becomes at_most": "{data.rows: {at_most: 5}}",
                "data.rows.less_than becomes at_least": "{data.rows: {at_least: 5}}",
            },
        ),
        (
            "{data.rows: 0}",
            {
                "data.rows.equals becomes not_equals": "{data.rows: {not_equals: 0}}",
                "data.rows.equals with 1": "{data.rows: {equals: 1}}",
            },
        ),
        (
            "{approach: [rag, hybrid, few-shot, fine-tuning]}",
            {
                "approach.one_of becomes none_of": "{approach: {none_of: [rag, hybrid, few-shot, fine-tuning]}}",
                "approach.one_of without hybrid": "{approach: {one_of: [rag, few-shot, fine-tuning]}}",
                "approach.one_of with prompt-engineering": (
                    "{approach: {one_of: [rag, hybrid, few-shot, fine-tuning, prompt-engineering]}}"
                ),
            },
        ),
        ("{approach: rag}", {"approach.equals with hybrid": "{approach: {one_of: [rag, hybrid]}}"}),
        (
            "{approach: {not_equals: rag}}",
            {
                "approach.not_equals becomes equals": "{approach: {equals: rag}}",
                "approach.not_equals with hybrid": "{approach: {none_of: [rag, hybrid]}}",
            },
        ),
        (
            "{purpose: {contains: style}}",
            {
                "purpose.contains negated": "{not: {purpose: {contains: style}}}",
                "purpose.contains with other": "{purpose: {contains_any: [style, other]}}",
            },
        ),
        (
            "{purpose: {contains_any: [style, other]}}",
            {
                "purpose.contains_any becomes contains_none": "{purpose: {contains_none: [style, other]}}",
                "purpose.contains_any without other": "{purpose: {contains_any: [style]}}",
            },
        ),
        (
            "{model.base: {starts_with: a}}",
            {
                "model.base.starts_with becomes ends_with": '{model.base: {ends_with: "a"}}',
                "model.base.starts_with negated": '{not: {model.base: {starts_with: "a"}}}',
            },
        ),
        ("{model.base: {matches: a}}", {"model.base.matches negated": '{not: {model.base: {matches: "a"}}}'}),
        ("{stage: {present: true}}", {"stage.present with false": "{stage: {present: false}}"}),
        (
            "{model.retires: {at_least: {now: 30d}}}",
            {
                "model.retires.at_least with now 29d": "{model.retires: {at_least: {now: 29d}}}",
                "model.retires.at_least with now 31d": "{model.retires: {at_least: {now: 31d}}}",
            },
        ),
        (
            "{budget.per_run: {at_most: 200 USD}}",
            {"budget.per_run.at_most with 200.01 USD": "{budget.per_run: {at_most: 200.01 USD}}"},
        ),
        (
            "{cost.run: {at_most: {field: budget.per_run}}}",
            {
                "cost.run.at_most unknown as false": (
                    "{all: [{cost.run: {present: true}}, {budget.per_run: {present: true}},"
                    " {cost.run: {at_most: {field: budget.per_run}}}]}"
                )
            },
        ),
        (
            "{any: [{stage: {present: true}}, {data.rows: {present: true}}]}",
            {
                "any dropped": "{all: []}",
                "any becomes all": "{all: [{stage: {present: true}}, {data.rows: {present: true}}]}",
                "any negated": "{not: {any: [{stage: {present: true}}, {data.rows: {present: true}}]}}",
                "any.1.stage.present dropped": "{any: [{any: []}, {data.rows: {present: true}}]}",
                "any.2.data.rows.present dropped": "{any: [{stage: {present: true}}, {any: []}]}",
            },
        ),
        (
            "{present: [stage, data.rows]}",
            {
                "all becomes any": "{any: [{stage: {present: true}}, {data.rows: {present: true}}]}",
                "stage.present dropped": "{all: [{all: []}, {data.rows: {present: true}}]}",
            },
        ),
        (
            "{not: {stage: {present: true}}}",
            {
                "not dropped": "{all: []}",
                "not negated": "{stage: {present: true}}",
                "not.stage.present with false": "{not: {stage: {present: false}}}",
            },
        ),
        (
            "{tried: {some: {run: {present: true}}}}",
            {
                "tried.some becomes each": "{tried: {each: {require: {run: {present: true}}}}}",
                "tried.some negated": "{not: {tried: {some: {run: {present: true}}}}}",
                "tried.some.run.present dropped": "{tried: {some: {all: []}}}",
            },
        ),
        (
            "{tried: {each: {where: {run: {present: true}}, require: {score: {present: true}}}}}",
            {
                "tried.each becomes some": "{tried: {some: {all: [{run: {present: true}}, {score: {present: true}}]}}}",
                "tried.each.where.run.present dropped": "{tried: {each: {require: {score: {present: true}}}}}",
                "tried.each.require.score.present dropped": (
                    "{tried: {each: {where: {run: {present: true}}, require: {all: []}}}}"
                ),
            },
        ),
        (
            "{tried: {count: {where: {run: {present: true}}, at_least: 1, at_most: 3}}}",
            {
                "tried.count.where.run.present dropped": "{tried: {count: {at_least: 1, at_most: 3}}}",
                "tried.count.at_least becomes more_than": (
                    "{tried: {count: {where: {run: {present: true}}, more_than: 1, at_most: 3}}}"
                ),
                "tried.count.at_most with 4": (
                    "{tried: {count: {where: {run: {present: true}}, at_least: 1, at_most: 4}}}"
                ),
                "tried.count.at_least dropped": "{tried: {count: {where: {run: {present: true}}, at_most: 3}}}",
                "tried.count negated": (
                    "{not: {tried: {count: {where: {run: {present: true}}, at_least: 1, at_most: 3}}}}"
                ),
            },
        ),
    ],
)
def test_what_is_changed_in_a_condition(require, expected):
    changes = list_changes(require)
    assert {name: changes.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("require", "absent"),
    [
        # Nothing is less than 0, and nothing may be asked of a number of entries below it.
        ("{data.rows: {at_least: 0}}", "data.rows.at_least with -1"),
        ("{tried: {count: {at_least: 0}}}", "tried.count.at_least with -1"),
        # The only bound is the whole test, the only branch the whole combination.
        ("{tried: {count: {at_least: 1}}}", "tried.count.at_least dropped"),
        ("{any: [{stage: {present: true}}]}", "any becomes all"),
        # The opposite is the other test.
        ("{stage: pilot}", "stage.equals negated"),
        ("{data.rows: {at_least: 5}}", "data.rows.at_least negated"),
        ("{not: {tried: {some: {run: a}}}}", "not.tried.some negated"),
        # Without its test a `not` would say nothing; it is left out as a whole.
        ("{not: {stage: pilot}}", "not.stage.equals dropped"),
        # These are always known.
        ("{run.activity: training}", "run.activity.equals unknown as false"),
        ("{data.rows: {present: true, at_least: 5}}", "data.rows.at_least unknown as true"),
        ("{stage: {present: true}}", "stage.present unknown as true"),
        # Words have no neighbours, and other texts are endless.
        ("{model.base: a}", "model.base.equals with b"),
    ],
)
def test_what_is_not_changed(require, absent):
    changes = list_changes(require)
    assert changes
    assert absent not in changes


def test_a_field_of_an_entry_is_another_one():
    changes = list_changes("{tried: {some: {run: a, score: {present: true}}}, present: [run.activity]}")
    assert "tried.some.run.equals unknown as true" in changes


def test_names_in_lists_are_numbered_and_those_of_a_mapping_are_not():
    changes = list_changes("{stage: pilot, all: [{tried: {some: {run: a}}}, {tried: {some: {run: b}}}]}")
    assert {"stage.equals dropped", "all.1.tried.some dropped", "all.2.tried.some.run.equals dropped"} <= set(changes)


def test_when_is_changed_like_require():
    mutants = mutate("when: {approach: rag, stage: pilot}\nrequire: {data.rows: {present: true}}")
    assert (
        print_condition(mutants["when.stage.equals dropped"].policy.when)
        == "{all: [{approach: {equals: rag}}, {all: []}]}"
    )
    assert print_condition(mutants["when.all dropped"].policy.when) == "{all: []}"
    assert all(mutant.policy.require for mutant in mutants.values())


def test_parameters_move_by_their_default():
    mutants = mutate(
        "require: {data.rows: {at_least: {param: fewest}}, model.base: {one_of: {param: bases}}}\n"
        "params: {fewest: {default: 1}, bases: {default: [a, b]}}\n"
    )
    found = {
        name: [spec.default for spec in mutant.policy.params]
        for name, mutant in mutants.items()
        if name.startswith("params.")
    }
    # Rows are whole, though their bound might be a fraction.
    assert found == {
        "params.fewest with 0": [0, ("a", "b")],
        "params.fewest with 2": [2, ("a", "b")],
        "params.bases without a": [1, ("b",)],
        "params.bases without b": [1, ("a",)],
    }


def test_a_parameter_without_a_default_does_not_move():
    mutants = mutate("require: {model.base: {one_of: {param: bases}}}\nparams: {bases: {about: Bases}}\n")
    assert not any(name.startswith("params.") for name in mutants)
    assert "not set" in mutants["require.model.base.one_of dropped"].before


def test_what_must_be_observed():
    mutants = mutate("require: {data.secrets: 0, stage: pilot}\nobserved: [data.secrets, stage]\n")
    assert mutants["observed without stage"].policy.observed == {"data.secrets"}
    assert "stage" in mutants["observed without stage"].before


def test_a_mutant_says_where_it_was_changed_and_how():
    mutant = mutate("require:\n  stage: pilot\n  data.rows: {at_least: 5}\n")[
        "require.data.rows.at_least becomes more_than"
    ]
    assert str(mutant.location) == "policies/test.yaml:3:25"
    assert (mutant.before, mutant.after) == ("data.rows is at least 5", "data.rows is more than 5")
    dropped = mutate("require: {stage: pilot}")["require.stage.equals dropped"]
    assert (dropped.before, dropped.after) == ("stage is pilot", "")


@given(policies())
def test_every_mutant_differs_from_the_policy_and_from_the_others(policy: Policy):
    mutants = list(find_mutants(policy))
    assert mutants
    assert len({identify(policy), *(identify(mutant.policy) for mutant in mutants)}) == len(mutants) + 1
    assert len({mutant.id for mutant in mutants}) == len(mutants)


@given(policies())
def test_mutants_are_the_same_each_time(policy: Policy):
    first, second = ([tuple(map(str, describe(mutant))) for mutant in find_mutants(policy)] for _ in range(2))
    assert first == second


def describe(mutant: Mutant) -> tuple[object, ...]:
    when, require = (encode_condition(part) for part in (mutant.policy.when, mutant.policy.require))
    return mutant.id, mutant.before, mutant.after, when, require


@given(situations())
def test_mutants_are_well_formed_policies(situation: Situation):
    facts = situation.facts
    for mutant in find_mutants(situation.policy):
        params = {spec.name: spec.default for spec in mutant.policy.params}
        judge = compile_policy(mutant.policy, params)
        proven = facts.proven_values if mutant.policy.observed else {}
        assert judge(facts.values, proven, facts.unavailable, situation.today) == judge_policy(
            mutant.policy, params, facts, situation.today
        )
