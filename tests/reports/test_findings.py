"""Which outcomes are findings, in what order, and what each place asks for."""

from __future__ import annotations

import pytest

from policy.model.decision import Outcome, Reason
from policy.reports.findings import find_alternatives, list_findings, say_wanted
from tests.building import make_policy
from tests.reports.scenarios import block


def make_outcomes() -> tuple[Outcome, ...]:
    return (
        Outcome("passes", "pass", "critical"),
        Outcome("elsewhere", "not-applicable", "critical"),
        Outcome("z-advice", "fail", "critical", "advise"),
        Outcome("waived", "waived", "critical", None, "block"),
        Outcome("waived-unknown", "waived", "critical", None, "block", missing=("data.rows",)),
        Outcome("b-flag", "fail", "low", "flag", "block"),
        Outcome("a-flag", "fail", "low", "flag"),
        Outcome("high-flag", "fail", "high", "flag"),
        Outcome("observed", "fail", "critical", None, "block"),
        Outcome("broken", "error", "low", "block"),
        Outcome("open-hold", "unknown", "low", "hold", missing=("data.rows",)),
        Outcome("open-flag", "unknown", "low", "flag", missing=("data.rows",)),
        Outcome("open-advice", "unknown", "critical", "advise", missing=("data.rows",)),
        Outcome("open-observed", "unknown", "critical", None, "block", missing=("data.rows",)),
    )


def test_findings_come_hardest_first_and_what_is_held_back_last():
    findings = list_findings(block().decision._replace(outcomes=make_outcomes()))
    assert [(finding.outcome.policy, finding.level) for finding in findings] == [
        ("broken", "block"),
        ("open-hold", "hold"),
        ("high-flag", "flag"),
        ("a-flag", "flag"),
        ("b-flag", "flag"),
        ("open-flag", "flag"),
        ("z-advice", "advise"),
        ("observed", "would block"),
        ("waived", "waived"),
    ]
    assert [finding.outcome.policy for finding in findings if finding.brief] == ["open-flag"]


# A test, the right side, and what is asked for.
WANTED = [
    ("equals", "true", "required: true"),
    ("not_equals", "rag", "required: anything but rag"),
    ("one_of", "[a, b]", "required: one of a, b"),
    ("none_of", "[a, b]", "required: none of a, b"),
    ("one_of", "[a]", "required: a"),
    ("none_of", "[a]", "required: anything but a"),
    ("one_of", "[]", "required: one of an empty list"),
    ("contains_any", "[a]", "required: a in the list"),
    ("contains_none", "[a]", "required: no a in the list"),
    ("at_least", "30d", "required: at least 30d"),
    ("present", "true", "required: a value"),
    ("present", "false", "required: no value"),
    ("contains", "style", "required: style in the list"),
    ("contains_none", "[a, b]", "required: none of a, b in the list"),
    ("matches", "[a-z]+", 'required: a text that matches "[a-z]+"'),
    ("not matches", "a", 'required: a text that does not match "a"'),
    ("not at_least", "5", "required: not 5 or more"),
    ("some", "…", "required: an entry as described"),
]


@pytest.mark.parametrize(("test", "expected", "said"), WANTED)
def test_a_place_is_labelled_with_what_is_asked_for(test, expected, said):
    reason = Reason("a.b", test, expected, None, None, "false")
    assert say_wanted(reason) == said
    assert say_wanted(reason, alternative=True) == said.replace("required", "one way")


# A condition, and the right sides of which one is enough.
ALTERNATIVES = [
    ("{approach: rag, stage: pilot}", []),
    ("{any: [{approach: rag}]}", []),
    ("{any: [{approach: rag}, {stage: pilot}]}", ["rag", "pilot"]),
    ("{not: {all: [{approach: rag}, {stage: pilot}]}}", ["rag", "pilot"]),
    ("{not: {any: [{approach: rag}, {stage: pilot}]}}", []),
    ("{stage: pilot, any: [{approach: rag}, {needs.citations: true}]}", ["rag", "true"]),
]


@pytest.mark.parametrize(("require", "values"), ALTERNATIVES)
def test_the_tests_of_which_one_is_enough_are_found(require, values):
    text = f"require: {require}"
    places = sorted(find_alternatives(make_policy(f"{text}\n")))
    assert [text[place.column - 1 : place.end_column - 1] for place in places] == values


def test_an_unknown_policy_has_no_alternatives():
    assert find_alternatives(None) == frozenset()
