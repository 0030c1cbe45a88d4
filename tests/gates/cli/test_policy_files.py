"""`policy lint` and `policy test`: what those who write policies use."""

from __future__ import annotations

import json

import pytest

from tests.gates.cli.conftest import SET, write_policy

CLEAN = write_policy(
    "clean",
    "require: {stage: pilot}\n"
    "effect: flag\n"
    "because: So it is.\n"
    "fix: Make it a pilot.\n"
    "references: [The handbook]\n"
    "cases:\n"
    "  - {given: {stage: pilot}, expect: pass}\n"
    "  - {given: {stage: retired}, expect: fail}\n"
    "  - {given: {approach: rag}, expect: unknown}\n",
)
BARE = write_policy("bare", "require: {stage: pilot}\neffect: flag\n")
FAILING = CLEAN.replace("clean", "failing").replace("expect: fail", "expect: pass")


@pytest.fixture
def policies(plant):
    """Write policies into the policy set."""

    def write(*texts: str) -> None:
        names = {text.split("\n")[0].removeprefix("policy: "): text for text in texts}
        plant({"policy.yaml": SET} | {f"policies/own/{name}.yaml": text for name, text in names.items()})

    return write


def test_lint_has_nothing_to_say(policies, call):
    policies(CLEAN)
    assert call("lint") == (0, "1 policy file, 0 errors, 0 warnings\n", "")


@pytest.mark.parametrize("line", ["lint", "lint policies", "lint policies/own/bare.yaml policies/own/clean.yaml"])
def test_lint_finds_what_is_lacking(line, policies, call):
    policies(BARE, CLEAN)
    result = call(line)
    found = [text for text in result.err.splitlines() if text.startswith("warning: ")]
    assert {text.split(": ")[1] for text in found} == {"policies/own/bare.yaml:1:9"}
    assert {"[no-because]", "[no-fix]", "[no-cases]"} <= {text.split()[-1] for text in found}
    assert result.out == f"2 policy files, 0 errors, {len(found)} warnings\n"
    assert result.code == 1


def test_lint_counts_what_is_broken(plant, call):
    plant({"drafts/a.yaml": BARE, "drafts/b.yaml": "policy: [", "drafts/c.yaml": write_policy("c", "x: 1\ny: 1\n")})
    result = call("lint drafts")
    assert result.out.startswith("3 policy files, 5 errors, ")
    assert result.code == 2


def test_lint_of_one_id_in_two_files(plant, call):
    plant({"drafts/a.yaml": CLEAN, "drafts/clean.yaml": CLEAN})
    result = call("lint drafts")
    assert "error: drafts/clean.yaml:1:1: two policies have the id `clean`\n" in result.err
    assert "  note: the other one: drafts/a.yaml:1:1\n" in result.err
    assert result.out.startswith("2 policy files, 1 error, ")
    assert result.code == 2


@pytest.mark.parametrize("command", ["lint", "test"])
def test_there_is_nothing_to_look_at(command, plant, call):
    plant({"empty/x.txt": ""})
    result = call(f"{command} empty")
    assert result.err.startswith("error: there are no policies here\n")
    assert result.code == 3


def test_cases_that_pass(policies, call):
    policies(CLEAN)
    result = call("test")
    assert result.out == "ok   clean: 3 of 3 cases pass\n1 policy, 3 of 3 cases pass, 1 of 1 policy covered\n"
    assert result.code == 0
    assert call("test --require-cases").code == 0


def test_a_case_that_fails_is_named_with_its_place(policies, call):
    policies(FAILING, CLEAN)
    result = call("test")
    first, second, third, *_ = result.out.splitlines()
    assert first == "ok   clean: 3 of 3 cases pass"
    assert second == "FAIL failing: 2 of 3 cases pass"
    assert third.startswith("     policies/own/failing.yaml:11:5: expected pass, got fail")
    assert result.code == 1


def test_cases_can_be_required(policies, call):
    policies(BARE)
    assert call("test").code == 0
    result = call("test --require-cases")
    assert "FAIL bare: 0 of 0 cases pass" in result.out
    assert "not covered: the policy has no cases" in result.out
    assert result.code == 1


def test_an_outcome_without_a_case(policies, call):
    policies(CLEAN.replace("  - {given: {approach: rag}, expect: unknown}\n", ""))
    assert "not covered: no case expects unknown" in call("test").out
    assert call("test --require-cases").code == 1


def test_results_as_json(policies, call):
    policies(FAILING)
    result = call("test --output json")
    document = json.loads(result.out)
    assert document["format"] == "policy-tests/1"
    (tested,) = document["policies"]
    assert [case["passed"] for case in tested["cases"]] == [True, False, True]
    assert tested["cases"][1]["location"] == "policies/own/failing.yaml:11:5"
    assert result.code == 1


def test_broken_files_do_not_keep_the_others_from_being_tested(plant, call):
    plant({"drafts/clean.yaml": CLEAN, "drafts/b.yaml": "- b\n"})
    result = call("test drafts")
    assert result.out.startswith("ok   clean: 3 of 3 cases pass\n")
    assert result.err.startswith("error: drafts/b.yaml:1:1: ")
    assert result.code == 2
