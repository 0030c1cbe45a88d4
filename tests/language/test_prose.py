"""Every test, combination and quantifier has one exact sentence, and so has its opposite."""

from __future__ import annotations

import pytest
from hypothesis import given

from policy.language.prose import describe_condition, describe_policy
from policy.model.condition import AllOf, AnyOf, Condition, Not
from policy.model.policy import Policy
from tests.building import make_policy
from tests.strategies import policies

PARAMS = {
    "enough": ("1000", "{default: 1000}"),
    "models": ("[a, b]", "{default: [a, b]}"),
    "horizon": ("180d", "{default: 180d}"),
    "none": ("[]", "{default: []}"),
    "unset": ("", "{about: nobody gives it a value}"),
}


def read_condition(text: str) -> tuple[Condition, dict[str, object]]:
    """The condition that `text` writes, and the values of the parameters that it names."""
    names = [name for name in PARAMS if f"param: {name}" in text]
    params = "".join(f"\n  {name}: {PARAMS[name][1]}" for name in names)
    policy = make_policy(f"require: {text}" + (f"\nparams:{params}" if names else "") + "\n")
    return policy.require, values_of(policy)


def values_of(policy: Policy) -> dict[str, object]:
    return {spec.name: spec.default for spec in policy.params if spec.default is not None}


# A condition, what it says, and what its opposite says.
SENTENCES = [
    # Scalars
    ("{approach: rag}", "approach is rag", "approach is not rag"),
    ("{approach: {not_equals: rag}}", "approach is not rag", "approach is rag"),
    ("{needs.citations: true}", "needs.citations is true", "needs.citations is not true"),
    ("{needs.citations: {not_equals: true}}", "needs.citations is not true", "needs.citations is true"),
    ("{stage: [pilot]}", "stage is pilot", "stage is not pilot"),
    ("{stage: [pilot, production]}", "stage is pilot or production", "stage is neither pilot nor production"),
    (
        "{stage: {one_of: [experiment, prototype, pilot]}}",
        "stage is experiment, prototype or pilot",
        "stage is none of experiment, prototype and pilot",
    ),
    (
        "{stage: {none_of: [pilot, production]}}",
        "stage is neither pilot nor production",
        "stage is pilot or production",
    ),
    ("{stage: {one_of: []}}", "stage is one of an empty list", "stage is not one of an empty list"),
    ("{budget.per_run: 200 USD}", "budget.per_run is 200 USD", "budget.per_run is not 200 USD"),
    (
        "{budget.per_run: [200 USD, 0 EUR]}",
        "budget.per_run is 200 USD or 0 EUR",
        "budget.per_run is neither 200 USD nor 0 EUR",
    ),
    # Sizes. A value that is not there is not less than anything: the opposite keeps the bound.
    ("{data.rows: {at_least: 1000}}", "data.rows is at least 1,000", "data.rows is not 1,000 or more"),
    ("{data.rows: {at_most: 1000}}", "data.rows is at most 1,000", "data.rows is not 1,000 or less"),
    ("{data.rows: {more_than: 5}}", "data.rows is more than 5", "data.rows is not more than 5"),
    ("{data.rows: {less_than: 0.5}}", "data.rows is less than 0.5", "data.rows is not less than 0.5"),
    (
        "{data.change_interval: {at_least: 1w}}",
        "data.change_interval is at least 7 days",
        "data.change_interval is not 7 days or more",
    ),
    (
        "{budget.per_run: {at_most: 1500.50 EUR}}",
        "budget.per_run is at most 1,500.50 EUR",
        "budget.per_run is not 1,500.50 EUR or less",
    ),
    # All that one fact must be is said at once, where no other reading is possible.
    (
        "{data.rows: {at_least: 5, at_most: 9}}",
        "data.rows is at least 5 and at most 9",
        "data.rows is not 5 or more, or data.rows is not 9 or less",
    ),
    ("{needs.citations: {present: true, equals: true}}", "needs.citations is stated and true", None),
    (
        "{any: [{data.rows: {less_than: 5}}, {data.rows: {more_than: 9}}]}",
        "data.rows is less than 5, or data.rows is more than 9",
        "data.rows is not less than 5, and data.rows is not more than 9",
    ),
    (
        "{approach: {one_of: [rag, hybrid], present: true, not_equals: rag}}",
        "approach is rag or hybrid, and approach is stated, and approach is not rag",
        None,
    ),
    (
        "{present: [owner.team, owner.contact], owner.team: ml}",
        "owner.team and owner.contact are stated, and owner.team is ml",
        None,
    ),
    ("{model.base: {present: true, starts_with: a}}", 'model.base is stated, and model.base starts with "a"', None),
    # Dates
    (
        "{model.retires: {at_least: 2027-01-01}}",
        "model.retires is on or after 2027-01-01",
        "model.retires is not on or after 2027-01-01",
    ),
    ("{model.retires: {less_than: 2027-01-01}}", "model.retires is earlier than 2027-01-01", None),
    ("{model.retires: {more_than: {now: 0d}}}", "model.retires is later than today", None),
    ("{model.retires: {at_least: {now: 180d}}}", "model.retires is on or after 180 days from now", None),
    ("{model.retires: {at_most: {now: -1d}}}", "model.retires is on or before 1 day ago", None),
    (
        "{model.retires: {at_least: {now: {param: horizon}}}}",
        "model.retires is on or after 180 days (horizon) from now",
        None,
    ),
    # Texts
    (
        "{model.base: {starts_with: Qwen/}}",
        'model.base starts with "Qwen/"',
        'model.base does not start with "Qwen/"',
    ),
    ("{model.base: {ends_with: x}}", 'model.base ends with "x"', 'model.base does not end with "x"'),
    ("{model.base: {matches: a.*}}", 'model.base matches "a.*"', 'model.base does not match "a.*"'),
    # Lists
    ("{purpose: {contains: style}}", "purpose contains style", "purpose does not contain style"),
    ("{purpose: {contains_any: [style]}}", "purpose contains style", "purpose does not contain style"),
    (
        "{purpose: {contains_any: [style, latency, other]}}",
        "purpose contains at least one of style, latency and other",
        "purpose contains none of style, latency and other",
    ),
    (
        "{purpose: {contains_none: [style, latency]}}",
        "purpose contains none of style and latency",
        "purpose contains at least one of style and latency",
    ),
    ("{purpose: {contains_none: [style]}}", "purpose does not contain style", "purpose contains style"),
    (
        "{purpose: {contains_any: []}}",
        "purpose contains one of an empty list",
        "purpose does not contain one of an empty list",
    ),
    (
        "{evaluation.metrics: {contains: {field: model.base}}}",
        "evaluation.metrics contains the value of model.base",
        None,
    ),
    # Presence
    ("{data.rows: {present: true}}", "data.rows is stated", "data.rows is not stated"),
    ("{data.rows: {present: false}}", "data.rows is not stated", "data.rows is stated"),
    (
        "{present: [owner.team, owner.contact]}",
        "owner.team and owner.contact are stated",
        "owner.team is not stated, or owner.contact is not stated",
    ),
    (
        "{any: [{present: [data.rows]}, {present: [data.tokens]}, {stage: pilot}]}",
        "data.rows or data.tokens is stated, or stage is pilot",
        None,
    ),
    # Parameters and other fields
    ("{data.rows: {at_least: {param: enough}}}", "data.rows is at least 1,000 (enough)", None),
    (
        "{model.base: {one_of: {param: models}}}",
        "model.base is a or b (models)",
        "model.base is neither a nor b (models)",
    ),
    (
        "{model.base: {one_of: {param: unset}}}",
        "model.base is one of the values of unset, which are not set",
        "model.base is not one of the values of unset, which are not set",
    ),
    (
        "{needs.update_within: {at_least: {field: training.interval}}}",
        "needs.update_within is at least training.interval",
        None,
    ),
    (
        "{release.license: {equals: {field: model.license}}}",
        "release.license is the same as model.license",
        "release.license is not the same as model.license",
    ),
    (
        "{data.rows: {present: true, at_least: {param: unset}}}",
        "data.rows is stated, and data.rows is at least the value of unset, which is not set",
        None,
    ),
    ("{model.base: {one_of: {param: none}}}", "model.base is one of an empty list (none)", None),
    # Combinations
    (
        "{approach: rag, stage: pilot}",
        "approach is rag, and stage is pilot",
        "approach is not rag, or stage is not pilot",
    ),
    (
        "{any: [{approach: rag}, {stage: pilot}]}",
        "approach is rag, or stage is pilot",
        "approach is not rag, and stage is not pilot",
    ),
    (
        "{any: [{approach: rag}, {stage: pilot, needs.citations: false}]}",
        "approach is rag, or (stage is pilot, and needs.citations is false)",
        "approach is not rag, and (stage is not pilot, or needs.citations is not false)",
    ),
    ("{all: [{all: [{approach: rag}, {stage: pilot}]}, {needs.citations: true}]}", None, None),
    ("{not: {not: {approach: rag}}}", "approach is rag", "approach is not rag"),
    ("{not: {any: [{approach: rag}, {stage: pilot}]}}", "approach is not rag, and stage is not pilot", None),
    ("{all: [{approach: rag}, {approach: rag}]}", "approach is rag", None),
    # Lists of records
    (
        "{tried: {some: {approach: rag}}}",
        "tried holds an entry where its approach is rag",
        "tried holds no entry where its approach is rag",
    ),
    (
        "{tried: {some: {approach: rag, any: [{score: {present: true}}, {run: {present: true}}]}}}",
        "tried holds an entry where its approach is rag and its score or run is stated",
        None,
    ),
    (
        "{tried: {some: {any: [{approach: rag}, {approach: few-shot, few_shot: {at_least: {param: enough}}}]}}}",
        (
            "tried holds an entry where its approach is rag"
            " or (its approach is few-shot and its few_shot is at least 1,000 (enough))"
        ),
        None,
    ),
    ("{tried: {some: {few_shot: {at_least: {param: enough}}}}}", None, None),
    (
        "{data.sources: {each: {where: {split: train}, require: {license: mit}}}}",
        "for every entry of data.sources where its split is train, its license is mit",
        "data.sources holds an entry where its split is train for which its license is not mit",
    ),
    (
        "{data.sources: {each: {require: {license: mit, rows: {at_least: 1}}}}}",
        "for every entry of data.sources, (its license is mit, and its rows is at least 1)",
        "data.sources holds an entry for which (its license is not mit or its rows is not 1 or more)",
    ),
    (
        "{data.sources: {count: {where: {split: test}, at_least: 1, at_most: {param: enough}}}}",
        "the number of entries of data.sources where their split is test is at least 1 and at most 1,000 (enough)",
        "the number of entries of data.sources where their split is test is less than 1 or more than 1,000 (enough)",
    ),
    (
        "{tried: {count: {not_equals: 0}}}",
        "the number of entries of tried is not 0",
        "the number of entries of tried is 0",
    ),
]


@pytest.mark.parametrize(("text", "sentence", "opposite"), SENTENCES)
def test_a_condition_says_what_it_means(text, sentence, opposite):
    condition, params = read_condition(text)
    if sentence is not None:
        assert describe_condition(condition, params) == sentence
    if opposite is not None:
        assert describe_condition(condition, params, negated=True) == opposite
        assert describe_condition(Not(condition), params) == opposite


def test_nested_parts_of_one_sense_need_no_brackets():
    condition, _ = read_condition("{all: [{all: [{approach: rag}, {stage: pilot}]}, {needs.citations: true}]}")
    assert describe_condition(condition, {}) == "approach is rag, and stage is pilot, and needs.citations is true"


def test_a_parameter_at_the_end_of_where_keeps_its_bracket():
    condition, params = read_condition("{tried: {some: {few_shot: {at_least: {param: enough}}}}}")
    assert describe_condition(condition, params).endswith("few_shot is at least 1,000 (enough)")


def test_nothing_to_combine_is_said_plainly():
    assert describe_condition(AllOf(), {}) == "nothing more is needed"
    assert describe_condition(AnyOf(), {}) == "nothing can meet this"


# A policy, and the whole of what it says.
POLICIES = [
    (
        "when: {approach: [fine-tuning, hybrid]}\nrequire: {data.change_interval: {at_least: 30d}}",
        "When approach is fine-tuning or hybrid: data.change_interval must be at least 30 days.",
    ),
    ("require: {owner.team: {present: true}}", "In every case: owner.team must be stated."),
    (
        "require: {stage: {none_of: [pilot, production]}}",
        "In every case: stage must be neither pilot nor production.",
    ),
    ("require: {not: {purpose: {contains: knowledge}}}", "In every case: purpose must not contain knowledge."),
    ("require: {model.base: {matches: 'Qwen/.*'}}", 'In every case: model.base must match "Qwen/.*".'),
    ("require: {present: [owner.team, owner.contact]}", "In every case: owner.team and owner.contact must be stated."),
    (
        "require: {data.sources: {each: {where: {split: train}, require: {license: {present: true}}}}}",
        "In every case: for every entry of data.sources where its split is train, its license must be stated.",
    ),
    (
        "require: {not: {tried: {some: {sufficient: true}}}}",
        "In every case: tried must hold no entry where its sufficient is true.",
    ),
    (
        "require: {tried: {count: {where: {approach: rag}, at_least: 2}}}",
        "In every case: the number of entries of tried where their approach is rag must be at least 2.",
    ),
    (
        "require: {data.secrets: 0, data.personal_data: 0}\nobserved: [data.secrets, data.personal_data]",
        (
            "In every case: data.secrets must be 0, and data.personal_data must be 0."
            " Of data.personal_data and data.secrets, only what is observed or attested counts."
        ),
    ),
]


@pytest.mark.parametrize(("text", "sentence"), POLICIES)
def test_a_policy_says_when_it_applies_and_what_it_requires(text, sentence):
    policy = make_policy(text + "\n")
    assert describe_policy(policy, values_of(policy)) == sentence


@given(policies())
def test_a_double_negation_says_the_same(policy):
    params = values_of(policy)
    plain = describe_condition(policy.require, params)
    assert describe_condition(Not(Not(policy.require)), params) == plain
    assert describe_condition(Not(policy.require), params, negated=True) == plain


@given(policies())
def test_a_condition_and_its_opposite_say_different_things(policy):
    params = values_of(policy)
    assert describe_condition(policy.require, params) != describe_condition(policy.require, params, negated=True)
