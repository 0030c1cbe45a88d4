"""What a policy says of its mutants is read with its cases, and every mistake in it is named."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.language.identity import encode_policy
from policy.language.policies import read_policy
from tests.building import make_document, make_policy

POLICY = "policy: a\ntitle: A\nseverity: low\neffect: flag\nrequire: {stage: pilot}\n"


def test_explanations_are_read():
    (first, second) = make_policy(
        f"{POLICY}equivalent:\n  - {{mutant: require.stage.equals dropped, because: One}}\n"
        "  - mutant: require.stage.equals with production\n    because: >\n      Two\n      lines.\n"
    ).equivalents
    assert (first.mutant, first.because) == ("require.stage.equals dropped", "One")
    assert (second.mutant, second.because) == ("require.stage.equals with production", "Two lines.")
    assert first.location is not None
    assert (first.location.line, first.location.column) == (7, 5)


def test_they_are_read_with_the_cases_and_are_no_part_of_what_a_policy_is():
    text = f"{POLICY}equivalent: [{{mutant: a, because: b}}]\n"
    assert read_policy(make_document(text), with_cases=False).equivalents == ()
    assert read_policy(make_document(text), with_cases=False) == read_policy(make_document(text))
    assert encode_policy(make_policy(text)) == encode_policy(make_policy(POLICY))


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        ("{mutant: a, because: b}", "6:13", "`equivalent` needs a list"),
        ("a", "6:13", "`equivalent` needs a list"),
        ("[a]", "6:14", "an explanation needs `mutant` and `because`"),
        ("[{mutant: a}]", "6:14", "the explanation has no `because`"),
        ("[{because: a}]", "6:14", "the explanation has no `mutant`"),
        ("[{mutant: a, because: b, why: c}]", "6:26", "unknown key `why` in an explanation"),
        ("[{mutant: [a], because: b}]", "6:23", "`mutant`"),
        ('[{mutant: a, because: ""}]', "6:35", "empty"),
        ("[{mutant: a, because: b}, {mutant: a, because: c}]", "6:39", "`a` is explained twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(value, place, message):
    with pytest.raises(PolicyError) as caught:
        make_policy(f"{POLICY}equivalent: {value}\n")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert str(problem.location).startswith(f"policies/test.yaml:{place.partition(':')[0]}:")
    assert problem.remedy or problem.related
