"""What is missing, fact by fact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.scenarios import allow

from policy.engine.settling import say_settling
from policy.model.decision import NotAssessed, Outcome
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.reports.unassessed import find_gaps, say_effect, split_settling


@given(
    st.lists(st.sampled_from(list(SCHEMA.fields)), min_size=1, max_size=8, unique=True),
    st.sampled_from(["", "the scan was ended after 60 seconds"]),
)
def test_the_text_of_the_engine_comes_apart_fact_by_fact(paths, reason):
    facts = Facts((), unavailable=dict.fromkeys(paths[:1], reason) if reason else None)
    item = NotAssessed("p", tuple(paths), say_settling(tuple(paths), facts))
    assert split_settling(item) == [say_settling((path,), facts) for path in paths]


def test_a_text_of_another_making_stands_for_every_fact():
    item = NotAssessed("p", ("tried", "data.rows"), "add a few-shot result")
    assert split_settling(item) == ["add a few-shot result", "add a few-shot result"]


def test_the_fact_that_most_policies_lack_comes_first():
    decision = allow().decision._replace(
        not_assessed=(
            NotAssessed("c", ("stage",), "state stage in the manifest"),
            NotAssessed("b", ("data.rows",), "state data.rows in the manifest"),
            NotAssessed(
                "a", ("data.rows", "approach"), "state data.rows in the manifest; state approach in the manifest"
            ),
            NotAssessed("models", ("models.allowed", "models.denied"), "set them"),
            NotAssessed("broken", (), "it could not be judged"),
        )
    )
    found = find_gaps(decision)
    assert [(gap.fact, gap.policies) for gap in found.gaps] == [
        ("data.rows", ("a", "b")),
        ("approach", ("a",)),
        ("stage", ("c",)),
    ]
    assert found.parameters == ("models.allowed", "models.denied")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome("p", "unknown", "low", "hold"), "hold"),
        (Outcome("p", "unknown", "low", "flag", "hold"), "flag"),
        (Outcome("p", "unknown", "low", None, "hold"), "would hold"),
        (Outcome("p", "waived", "low", None, "hold"), "waived"),
        (Outcome("p", "unknown", "low"), ""),
    ],
)
def test_what_an_unknown_does_is_told_beside_the_fact(outcome, said):
    assert say_effect(outcome) == said
