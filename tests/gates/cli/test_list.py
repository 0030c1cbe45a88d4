from __future__ import annotations

import json

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
        {"area": "two", "policy": "b", "severity": "low", "effect": "advise", "title": "About b", "would_be": None}
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
