"""A case as the line that one adds to a policy file."""

from __future__ import annotations

import pytest

from policy.engine.mutation.case_text import write_case
from policy.model.fields import SCHEMA
from policy.model.policy import Policy
from tests.building import make_policy

HEAD = "require: {data.rows: {at_least: {param: fewest}}}\nparams: {fewest: {default: 5}}\n"


def read(case: str) -> Policy:
    return make_policy(f"{HEAD}cases:\n  - {case}\n")


@pytest.mark.parametrize(
    "text",
    [
        "{expect: pass}",
        "{given: {approach: rag, data.rows: 5}, expect: pass}",
        "{given: {approach: rag}, observed: {data.rows: 5}, attested: {stage: pilot}, expect: fail}",
        "{estimated: {data.change_interval: 30d}, expect: unknown}",
        "{given: {purpose: [style, other], tried: [{approach: rag, score: 0.5}, {run: a, few_shot: 3}]}, expect: pass}",
        "{given: {tried: []}, expect: pass}",
        "{given: {tried: [{}]}, expect: pass}",
        "{observed: {tried: [{run: a}]}, complete: [tried], expect: pass}",
        "{observed: {tried: [{run: a}]}, expect: pass}",
        "{absent: [data.rows, stage], expect: fail}",
        "{timed_out: [data.rows], expect: unknown}",
        "{at: 2026-03-01T00:00:00Z, expect: pass}",
        "{params: {fewest: 7}, expect: pass}",
        "{given: {budget.per_run: 200 USD, model.retires: 2026-03-01, needs.citations: false}, expect: pass}",
        '{given: {owner.contact: ml@example.com, model.base: "a: b", owner.team: "12"}, expect: pass}',
        # What another reader of YAML would take for something else stands in quotes.
        '{given: {model.base: "null", owner.team: "no", project: "true"}, expect: pass}',
        '{given: {model.base: "say \\"a\\\\b\\"", owner.team: "a, b", project: "{a}"}, expect: pass}',
        '{given: {model.base: "a\\U0000000ab\\U0000007f", owner.team: "é"}, expect: pass}',
    ],
)
def test_a_case_reads_back_as_it_was_written(text):
    policy = read(text)
    (case,) = policy.cases
    assert write_case(case, policy, SCHEMA) == text


def test_the_time_that_cases_have_anyway_is_left_out():
    policy = read("{at: 2026-01-01, expect: pass}")
    assert write_case(policy.cases[0], policy, SCHEMA) == "{expect: pass}"
