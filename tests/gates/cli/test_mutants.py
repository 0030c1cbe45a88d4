"""`policy test --mutate`: which small mistakes no case would notice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.gates.cli.conftest import SET, write_policy

GUIDE = Path(__file__).resolve().parents[3] / "docs/how-to/write-a-policy.md"
WEAK = write_policy(
    "weak",
    "require: {data.rows: {at_least: 50}}\n"
    "effect: flag\n"
    "cases:\n"
    "  - {given: {data.rows: 50}, expect: pass}\n"
    "  - {given: {data.rows: 7}, expect: fail}\n"
    "  - {given: {stage: pilot}, expect: unknown}\n",
)
STRONG = WEAK.replace("weak", "strong").replace("data.rows: 7}", "data.rows: 49}")
# `experiment` is what the second branch says, and the first as well.
EXPLAINED = write_policy(
    "explained",
    "require: {any: [{stage: {present: true}}, {all: [{stage: {present: true}}, {data.rows: {present: true}}]}]}\n"
    "effect: flag\n"
    "cases:\n"
    "  - {given: {stage: pilot, data.rows: 1}, expect: pass}\n"
    "  - {given: {stage: pilot}, expect: pass}\n"
    "  - {given: {data.rows: 1}, expect: fail}\n"
    "  - {given: {}, expect: fail}\n"
    "equivalent:\n"
    "  - mutant: require.any.2.all dropped\n"
    "    because: The first branch holds wherever the second does.\n"
    "  - mutant: require.any.2.data.rows.present dropped\n"
    "    because: The first branch is the same.\n"
    "  - mutant: require.any.2.data.rows.present with false\n"
    "    because: The first branch holds wherever the second does.\n",
)


@pytest.fixture
def policies(plant):
    """Write policies into the policy set."""

    def write(*texts: str) -> None:
        names = {text.split("\n")[0].removeprefix("policy: "): text for text in texts}
        plant({"policy.yaml": SET} | {f"policies/own/{name}.yaml": text for name, text in names.items()})

    return write


def test_every_mutant_is_killed(policies, call):
    policies(STRONG)
    result = call("test --mutate")
    assert result.out.splitlines() == [
        "ok   strong: 3 of 3 cases pass, 7 of 7 mutants killed",
        "1 policy, 3 of 3 cases pass, 1 of 1 policy covered",
        "7 of 7 mutants killed: 100 %",
    ]
    assert (result.code, result.err) == (0, "")


def test_a_survivor_is_named_with_its_place_its_change_and_a_case(policies, call):
    policies(WEAK, STRONG)
    result = call("test --mutate")
    lines = result.out.splitlines()
    assert lines[1:5] == [
        "FAIL weak: 3 of 3 cases pass, 6 of 7 mutants killed",
        "     policies/own/weak.yaml:4:33: survives: require.data.rows.at_least with 49",
        '         "data.rows is at least 50" → "data.rows is at least 49"',
        "         only the policy gives: {given: {data.rows: 49}, expect: fail}",
    ]
    assert lines[-2] == "13 of 14 mutants killed: 92 %"
    assert lines[-1].startswith("help: add a case")
    assert result.code == 1


def test_without_the_option_nothing_is_tried(policies, call):
    policies(WEAK)
    result = call("test")
    assert "mutant" not in result.out
    assert result.code == 0


def test_survivors_that_are_explained(policies, call):
    policies(EXPLAINED)
    result = call("test --mutate")
    assert result.out.splitlines()[-1].endswith(", 3 explained: 100 %")
    assert "survives" not in result.out
    assert result.code == 0


def test_an_explanation_of_what_a_case_kills_is_a_finding(policies, call):
    policies(STRONG + "equivalent:\n  - {mutant: require.data.rows.at_least with 49, because: So it is}\n")
    result = call("test --mutate")
    assert result.out.startswith("FAIL strong: 3 of 3 cases pass, 7 of 7 mutants killed\n")
    assert result.err.startswith(
        "error: policies/own/strong.yaml:11:5: `require.data.rows.at_least with 49` is explained"
    )
    assert "note: this case: policies/own/strong.yaml:8:5\n" in result.err
    assert "help: take the explanation out\n" in result.err
    assert result.code == 1
    assert call("test").code == 0


def test_an_explanation_that_cannot_be_read(policies, call):
    policies(STRONG + "equivalent: [{mutant: a}]\n")
    result = call("test --mutate")
    assert "the explanation has no `because`" in result.err
    assert result.code == 2
    # Only those who read the cases read the explanations.
    assert call("list").code == 0


def test_a_policy_without_cases_is_said_once(policies, call):
    policies(write_policy("bare", "require: {stage: pilot}\neffect: flag\n"))
    result = call("test --mutate")
    assert "FAIL bare: 0 of 0 cases pass, 0 of 8 mutants killed\n" in result.out
    assert "not covered: the policy has no cases" in result.out
    assert "survives" not in result.out
    assert result.code == 1


def test_a_case_that_fails_fails(policies, call):
    policies(STRONG.replace("expect: unknown", "expect: pass"))
    assert call("test --mutate").code == 1


def test_mutants_as_json(policies, call):
    policies(WEAK, EXPLAINED)
    result = call("test --mutate -o json")
    explained, weak = (policy["mutants"] for policy in json.loads(result.out)["policies"])
    assert len(explained["explained"]) == 3
    assert (weak["killed"], weak["total"], weak["findings"]) == (6, 7, [])
    assert weak["survivors"] == [
        {
            "mutant": "require.data.rows.at_least with 49",
            "location": "policies/own/weak.yaml:4:33",
            "before": "data.rows is at least 50",
            "after": "data.rows is at least 49",
            "case": "{given: {data.rows: 49}, expect: fail}",
        }
    ]
    assert result.code == 1
    (policy,) = json.loads(call("test -o json policies/own/weak.yaml").out)["policies"]
    assert "mutants" not in policy


def test_the_guide_shows_what_is_said_of_its_policy(plant, call):
    text = GUIDE.read_text(encoding="utf-8")
    (policy,) = re.findall(r"```yaml\n(policy: .*?)```", text, re.DOTALL)
    (shown,) = re.findall(r"```text\n(FAIL .*?)```", text, re.DOTALL)
    tier = "fields: {x.tier: {type: enumeration, values: [gold, silver], about: Service level}}\n"
    plant({"policy.yaml": SET + tier, "policies/own/gold-tier-owner.yaml": policy})
    assert call("test --mutate").out.startswith(shown)
