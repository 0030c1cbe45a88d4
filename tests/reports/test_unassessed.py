"""What is missing, fact by fact."""

from __future__ import annotations

import pytest

from policy.model.decision import NotAssessed, Outcome
from policy.reports.unassessed import Gap, find_gaps, say_effect
from tests.reports.scenarios import allow


def test_the_fact_that_most_policies_lack_comes_first():
    decision = allow().decision._replace(
        not_assessed=(
            NotAssessed("c", ("stage",), ("state stage in the manifest",)),
            NotAssessed("b", ("data.rows",), ("state data.rows in the manifest",)),
            NotAssessed(
                "a",
                ("data.rows", "approach"),
                ("state data.rows in the manifest", "state approach in the manifest"),
            ),
            NotAssessed("models", ("models.allowed", "models.denied"), ("set it", "set it")),
            NotAssessed("broken", (), ("it could not be judged",)),
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


@pytest.mark.parametrize(
    ("settle", "stated", "supply"),
    [
        ("state data.rows in the manifest: examples (500)", True, "examples (500)"),
        ("data.rows cannot be stated", False, "cannot be stated"),
        ("what is known of data.rows leaves this open", False, "what is known of data.rows leaves this open"),
        ("state data.rows_before in the manifest: x", False, "state data.rows_before in the manifest: x"),
    ],
)
def test_a_heading_is_not_said_again_beside_each_fact(settle, stated, supply):
    gap = Gap("data.rows", ("few-examples",), settle)
    assert (gap.stated, gap.supply) == (stated, supply)
