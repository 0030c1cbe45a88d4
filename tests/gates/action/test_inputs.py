from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from policy.errors import PolicyError
from policy.gates.action.inputs import LISTS, SWITCHES, TEXTS, Inputs, read_inputs

ROOT = Path(__file__).resolve().parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def test_without_any_only_the_gate_is_not_left_to_the_command():
    assert read_inputs({}) == Inputs(gate="ci")
    assert read_inputs({f"INPUT_{name}": " \n" for name in ("PATH", "GATE", "SUMMARY", "COMMENT")}) == Inputs(gate="ci")


def test_every_input_is_read():
    given = {
        "INPUT_PATH": "a\r\n\n  b c  \n--gate=check\n",
        "INPUT_GATE": " release ",
        "INPUT_CONFIG_FILE": "policy.yaml",
        "INPUT_FAIL_ON": "flag",
        "INPUT_OUTPUT": "short\njunit=policy.xml",
        "INPUT_SARIF_FILE": "policy.sarif",
        "INPUT_BASELINE": "known.json",
        "INPUT_SUMMARY": "False",
        "INPUT_COMMENT": "TRUE",
        "INPUT_POLICIES_FROM": "origin/main",
        "INPUT_CHANGED_SINCE": "origin/main",
    }
    assert read_inputs(given) == Inputs(
        paths=("a", "b c", "--gate=check"),
        outputs=("short", "junit=policy.xml"),
        gate="release",
        config_file="policy.yaml",
        fail_on="flag",
        sarif_file="policy.sarif",
        baseline="known.json",
        policies_from="origin/main",
        changed_since="origin/main",
        summary=False,
        comment=True,
    )


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(PolicyError) as caught:
        read_inputs({"INPUT_GATE": "ci\n::error::x", "INPUT_SUMMARY": "yes", "INPUT_COMMENT": "1" * 100})
    messages = [problem.message for problem in caught.value.problems]
    assert messages == [
        "the input `gate` has several lines, and takes one value",
        "the input `summary` is `yes`, which is neither true nor false",
        f"the input `comment` is `{'1' * 40}`, which is neither true nor false",
    ]
    assert all(problem.remedy for problem in caught.value.problems)


def test_action_yml_hands_over_every_input_and_nothing_else():
    names = {*LISTS, *TEXTS, *SWITCHES}
    assert set(ACTION["inputs"]) == names
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "check"]
    handed = {name: value for name, value in step["env"].items() if name.startswith("INPUT_")}
    assert handed == {f"INPUT_{name.replace('-', '_').upper()}": f"${{{{ inputs.{name} }}}}" for name in names}


def test_no_input_has_a_default_that_would_override_a_setting():
    assert [name for name, told in ACTION["inputs"].items() if "default" in told or told["required"]] == []


def test_no_step_has_an_expression_in_its_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "uses" not in step


def test_the_token_is_given_to_the_comment_alone():
    tokens = [step["name"] for step in ACTION["runs"]["steps"] if re.search("token|secrets", str(step.get("env")))]
    assert tokens == ["Comment"]
