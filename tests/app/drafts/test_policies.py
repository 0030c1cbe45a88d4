"""A drafted policy works as it is, under every id that a policy can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.drafts.policies import draft_policy, find_policy_id, refuse_id
from policy.app.workspace import open_workspace
from policy.engine.testing import run_cases
from policy.errors import PolicyError
from policy.language.lint import lint_policy
from policy.language.policies import read_policy
from policy.model.fields import SCHEMA
from tests.building import make_document

IDS = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@given(IDS)
def test_whatever_its_id_its_cases_pass_and_only_placeholders_are_left(policy_id):
    refuse_id("the id", policy_id)
    document = make_document(draft_policy(policy_id), f"policies/own/{policy_id}.yaml")
    policy = read_policy(document, area="own")
    assert policy.id == policy_id
    test = run_cases(policy, SCHEMA)
    assert all(result.passed for result in test.results)
    assert (test.missing_outcomes, test.undecisive_leaves) == ((), ())
    assert {problem.message[-13:] for problem in lint_policy(policy, document)} == {"[placeholder]"}


@given(st.text())
def test_an_id_is_refused_with_a_better_one_or_taken(text):
    try:
        refuse_id("the id", text)
    except PolicyError as error:
        (problem,) = error.problems
        if problem.remedy.startswith("write `"):
            refuse_id("the id", problem.remedy.removeprefix("write `").removesuffix("`"))
    else:
        assert text == text.lower().strip("-")


OWN = "policy: {}\ntitle: Own\nseverity: low\nrequire: {{approach: rag}}\neffect: flag\n"


@pytest.mark.parametrize(
    ("policy_id", "place"),
    [
        ("in-force", "house/a/in-force.yaml"),
        ("volatile-data", "catalogue/fine-tuning/volatile-data.yaml"),
        ("waiting", "drafts/b/other-name.yaml"),
        ("other-name", "drafts/b/other-name.yaml"),
        ("free", ""),
    ],
)
def test_where_an_id_is_taken(plant, policy_id, place):
    root = plant(
        {
            "policy.yaml": "policy_set: 1\npolicies: [house]\n",
            "house/a/in-force.yaml": OWN.format("in-force"),
            "drafts/b/other-name.yaml": OWN.format("waiting"),
            "drafts/b/broken.yaml": "policy: [",
        }
    )
    assert find_policy_id(open_workspace(str(root)), "drafts", policy_id) == place
    if policy_id in ("volatile-data", "other-name", "free"):
        assert find_policy_id(None, "drafts", policy_id) == place
