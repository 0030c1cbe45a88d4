from __future__ import annotations

import json

import pytest

from policy.gates.cli.main import main
from tests.gates.cli.conftest import SET, write_policy


def plant_three(plant) -> None:
    plant(
        {
            "policy.yaml": f"{SET}effects: {{a: {{ci: block}}}}\n",
            "policies/one/a.yaml": write_policy("a", "require: {approach: rag}\neffect: {commit: flag}\n"),
            "policies/one/longer-name.yaml": write_policy("longer-name", "require: {approach: rag}\neffect: hold\n"),
            "policies/two/b.yaml": write_policy("b", "require: {approach: rag}\neffect: advise\n"),
        }
    )


def test_a_table_by_area(plant, call):
    plant_three(plant)
    assert call("list --gate ci").out.splitlines() == [
        "one/",
        "  a            low  block              About a",
        "  longer-name  low  flag (would hold)  About longer-name",
        "two/",
        "  b            low  advise             About b",
        "3 policies, effects at the gate ci",
    ]


def test_a_policy_that_the_gate_does_not_judge(plant, call):
    plant_three(plant)
    assert "  a            low  -       About a" in call("list --gate run").out.splitlines()


def test_modes_are_counted(plant, call):
    plant_three(plant)
    plant({"policy.yaml": f"{SET}gates: {{ci: {{mode: observe}}}}\nmodes: {{longer-name: flag}}\n"})
    assert "  a            low  -                    About a" in call("list --gate ci").out.splitlines()
    assert "  longer-name  low  none (would hold)    About longer-name" in call("list --gate ci").out.splitlines()
    assert "  longer-name  low  flag (would hold)  About longer-name" in call("list --gate run").out.splitlines()


def test_one_area_as_json(plant, call):
    plant_three(plant)
    result = call("list --area two --output json")
    assert json.loads(result.out) == [
        {
            "area": "two",
            "policy": "b",
            "severity": "low",
            "effect": "advise",
            "title": "About b",
            "would_be": None,
            "on_unknown": "advise",
            "mode": "enforce",
            "params": {},
            "controls": {},
        }
    ]
    assert result.code == 0


def test_an_area_that_is_not_there(plant, call):
    plant_three(plant)
    result = call("list --area tow")
    assert result.err == "error: there is no area `tow`\n  help: write `two`\n"
    assert result.code == 2


def test_a_policy_set_without_policies(plant, call):
    plant({"policy.yaml": "policy_set: 1\npolicies: []\n"})
    for line in ("list", "list --area one", "list -o json"):
        result = call(line)
        assert result.err.startswith("error: there are no policies in the policy set\n")
        assert result.out == ""
        assert result.code == 3


def test_the_whole_catalogue_is_in_force_without_a_policy_set(plant, call):
    plant({})
    out = call("list").out
    assert "fine-tuning/\n" in out
    assert "alternatives/\n" in out


SERVING = """\
policy: {id}
title: About {id}
severity: {severity}
{rest}
"""


def plant_serving(plant) -> None:
    policies = {
        "a": ("low", "require: {stage: pilot}\neffect: flag\ncontrols: {nist-ai-rmf: [MAP 1.1], own: []}"),
        "b": ("high", "when: {approach: fine-tuning}\nrequire: {stage: pilot}\neffect: {ci: block}"),
        "c": (
            "critical",
            (
                "when: {not: {approach: rag}, stage: {present: true}, data.rows: {at_least: {param: few}}}\n"
                "require: {stage: pilot}\neffect: hold\non_unknown: same\n"
                "params: {few: {default: 5}}\ncontrols: {nist-ai-rmf: [MAP 1.1, MAP 1.2], iso-42001: [A.7.2]}"
            ),
        ),
    }
    files = {
        f"policies/one/{name}.yaml": SERVING.format(id=name, severity=severity, rest=rest)
        for name, (severity, rest) in policies.items()
    }
    plant({"policy.yaml": f"{SET}modes: {{c: flag}}\n", **files})


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], "abc"),
        (["--severity", "low"], "abc"),
        (["--severity", "high"], "bc"),
        (["--severity", "critical"], "c"),
        (["--framework", "nist-ai-rmf"], "ac"),
        (["--framework", "nist-ai-rmf", "--control", "MAP 1.2"], "c"),
        (["--control", "MAP 1.1"], "ac"),
        (["--approach", "rag"], "a"),
        (["--approach", "fine-tuning"], "abc"),
        (["--approach", "few-shot"], "ac"),
        (["--gate", "run"], "abc"),
        (["--gate", "run", "--judged"], "ac"),
        (["--gate", "ci", "--judged", "--severity", "high", "--approach", "rag"], ""),
        (["--framework", "iso-42001", "--control", "A.7.2", "--approach", "hybrid"], "c"),
    ],
)
def test_policies_are_chosen(plant, capsys, arguments, ids):
    plant_serving(plant)
    code = main(["list", *arguments, "--output", "json"])
    out, err = capsys.readouterr()
    if ids:
        assert (code, [row["policy"] for row in json.loads(out)]) == (0, list(ids))
    else:
        # Nothing is no list: exit code 3, and what was asked for.
        assert (code, out) == (3, "")
        asked = "high or above and for the approach rag and judged at the gate ci"
        assert err == f"error: none of the 3 policies in force is {asked}\n  help: leave one of the options out\n"


def test_the_controls_of_the_framework_that_was_asked_for_are_named(plant, call):
    plant_serving(plant)
    policies = json.loads(call("list --framework nist-ai-rmf -o json").out)
    lines = call("list --framework nist-ai-rmf").out.splitlines()
    for row in policies:
        named = ", ".join(row["controls"]["nist-ai-rmf"])
        assert [line for line in lines if line.endswith(f"{row['title']} ({named})")], row
    assert "MAP" not in call("list").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--severity", "hihg"], "error: there is no severity `hihg`\n  help: write `high`\n"),
        (["--framework", "nist-ai-rfm"], "error: there is no framework `nist-ai-rfm`\n  help: write `nist-ai-rmf`\n"),
        (["--control", "map 1.2"], "error: there is no control `map 1.2`\n  help: write `MAP 1.2`\n"),
        (
            ["--framework", "iso-42001", "--control", "MAP 1.2"],
            "error: there is no control `MAP 1.2`\n  help: write `A.7.2`\n",
        ),
        (["--approach", "ragg"], "error: there is no approach `ragg`\n  help: write `rag`\n"),
        # A framework without a control is no framework.
        (["--framework", "own"], "error: none of the 3 policies in force is mapped to own\n"),
    ],
)
def test_an_unknown_name_is_met_with_the_nearest(plant, capsys, arguments, said):
    plant_serving(plant)
    code = main(["list", *arguments])
    out, err = capsys.readouterr()
    assert (out, err.startswith(said)) == ("", True), err
    assert code == (3 if "none of" in said else 2)


def test_json_says_how_a_policy_is_in_force(plant, call):
    plant_serving(plant)
    row = json.loads(call("list --severity critical -o json --gate run").out)[0]
    assert row == {
        "area": "one",
        "policy": "c",
        "severity": "critical",
        "effect": "flag",
        "title": "About c",
        "would_be": "hold",
        "on_unknown": "hold",
        "mode": "flag",
        "params": {"few": 5},
        "controls": {"nist-ai-rmf": ["MAP 1.1", "MAP 1.2"], "iso-42001": ["A.7.2"]},
    }


def test_a_title_steers_no_terminal(plant, call):
    text = write_policy("a", "require: {stage: pilot}\neffect: flag\n").replace("About a", '"About \\u001b[31ma"')
    plant({"policy.yaml": SET, "policies/own/a.yaml": text})
    assert "About ␛[31ma" in call("list").out
