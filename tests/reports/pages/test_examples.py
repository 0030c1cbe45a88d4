"""The cases that a page shows: plain, short, alike, and true with the parameters that are in force."""

from __future__ import annotations

import pytest

from policy.model.fields import SCHEMA
from policy.reports.pages.examples import find_examples
from tests.building import make_policy

REQUIRED = """\
when: {approach: [fine-tuning, hybrid]}
require: {data.rows: {at_least: {param: few}}}
params: {few: {default: 9}}
"""


def choose(cases: str, **params: object) -> dict[str, tuple[list[object], str]]:
    """The chosen cases by outcome: their values, and the message."""
    policy = make_policy(f"{REQUIRED}cases:\n{cases}")
    found = find_examples(policy, {"few": 9} | params, SCHEMA)
    return {outcome: ([fact.value for fact in item.case.claims], item.message) for outcome, item in found.items()}


FAIL = "  - {{given: {{approach: {}, data.rows: {}}}, expect: fail}}\n"
PASS = "  - {{given: {{approach: {}, data.rows: {}}}, expect: pass}}\n"


@pytest.mark.parametrize(
    ("cases", "fail", "passed"),
    [
        # Short values first; of words that the schema gives, the order in the file decides.
        (
            FAIL.format("fine-tuning", 0)
            + FAIL.format("hybrid", 0)
            + PASS.format("hybrid", 10)
            + PASS.format("fine-tuning", 9),
            ["fine-tuning", 0],
            ["fine-tuning", 9],
        ),
        # What passes is like what fails, though there is a shorter one.
        (
            FAIL.format("hybrid", 5) + "  - {given: {data.rows: 9}, expect: pass}\n" + PASS.format("hybrid", 900),
            ["hybrid", 5],
            ["hybrid", 900],
        ),
        # As it is judged here before what sets a parameter of its own, and stated before observed.
        (
            "  - {given: {approach: hybrid, data.rows: 9}, params: {few: 10}, expect: fail}\n"
            "  - {given: {approach: hybrid}, observed: {data.rows: 1}, expect: fail}\n" + FAIL.format("hybrid", 8),
            ["hybrid", 8],
            None,
        ),
    ],
)
def test_the_plainest_case_is_shown(cases, fail, passed):
    found = choose(cases)
    assert found["fail"][0] == fail
    assert found["fail"][1].endswith("at least 9 is required")
    assert found.get("pass", (None, ""))[0] == passed


def test_a_case_that_comes_out_otherwise_here_is_not_shown():
    cases = (
        FAIL.format("hybrid", 5) + FAIL.format("hybrid", 1000) + PASS.format("hybrid", 20) + PASS.format("hybrid", 3000)
    )
    cases = cases.replace(FAIL.format("hybrid", 1000), "")
    assert choose(cases, few=100)["pass"][0] == ["hybrid", 3000]
    assert "fail" not in choose(cases, few=1)


def test_no_cases_are_no_examples():
    policy = make_policy("require: {stage: pilot}\n")
    assert find_examples(policy, {}, SCHEMA) == {}
