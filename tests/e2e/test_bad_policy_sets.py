"""A policy set that cannot be read, or names what is not there."""

from __future__ import annotations

import os

import pytest

SET = "policy_set: 1\n"

WRONG = {
    "empty": ("", "1:1: the file is empty", "write its content"),
    "list": ("- a\n", "1:1: the policy set is not a mapping", "start with `policy_set: 1`"),
    "format": ("policy_set: 2\n", "1:13: the policy set's format is `2`; this version reads format 1", None),
    "no format": ("name: acme\n", "1:1: the policy set does not say its format", "add the line `policy_set: 1`"),
    "syntax": (f"{SET}policies: [catalogue\n", "2:11: the list that starts with `[` is not closed", None),
    "unknown key": (f"{SET}polices: [catalogue]\n", "2:1: there is no key `polices`", "write `policies`"),
    "no list": (f"{SET}policies: catalogue\n", "2:11: `policies` needs a list", "write `policies: [catalogue]`"),
    "missing folder": (f"{SET}policies: [./own]\n", "2:12: there are no policies at `./own`", None),
    "empty folder": (f"{SET}policies: [./empty]\n", "2:12: the folder `./empty` holds no policies", None),
    "unknown area": (
        f"{SET}policies: [catalogue:fine-tunin]\n",
        "2:12: `catalogue` has no area `fine-tunin`",
        "write `catalogue:fine-tuning`",
    ),
    "unknown parameter": (
        f"{SET}params: {{volatile-data.shortest: 60d}}\n",
        "2:10: there is no parameter `volatile-data.shortest`",
        None,
    ),
    "parameter without unit": (
        f"{SET}params: {{volatile-data.shortest_interval: 60}}\n",
        "2:43: `volatile-data.shortest_interval`: `60` is a number without a unit where a duration is needed",
        None,
    ),
    "unknown policy": (
        f"{SET}effects: {{few-exampels: {{ci: block}}}}\n",
        "2:11: there is no policy `few-exampels`",
        "write `few-examples`",
    ),
    "unknown gate": (f"{SET}gates: {{comit: {{mode: flag}}}}\n", "2:9: there is no gate `comit`", "write `commit`"),
    "unknown mode": (
        f"{SET}modes: {{few-examples: watch}}\n",
        "2:23: `modes.few-examples`: `watch` is not one of observe, flag, enforce",
        None,
    ),
    "server without experiments": (
        f"{SET}mlflow: {{app: basic-auth}}\n",
        "2:9: `mlflow` does not say which experiments are governed",
        "add `experiments: [{name: support-*, project: support-bot}]`",
    ),
    "unknown key of a server": (
        f"{SET}mlflow: {{experiments: [{{name: a, project: p, principal: ada}}]}}\n",
        "2:46: there is no key under `experiments` `principal`",
        "write `principals`",
    ),
    "experiment governed twice": (
        f"{SET}mlflow: {{experiments: [{{name: a*, project: p}}, {{name: ab, project: q}}]}}\n",
        "2:55: `ab` never counts here: an entry above takes it, and the first one counts",
        "put this entry above the other one, or take it out",
    ),
    "unknown plugin": (f"{SET}plugins: [acme_gone]\n", "2:11: plugin `acme_gone` is not installed", None),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_in_policy_yaml(name, plant, policy, tmp_path):
    content, message, remedy = WRONG[name]
    (tmp_path / "empty").mkdir()
    plant({"policy.yaml": content, "ml-manifest.yaml": "not even read"})
    result = policy("check")
    (headline,) = result.headlines
    assert headline.startswith(f"error: policy.yaml:{message}")
    assert len(result.helps) == 1
    assert remedy in (None, result.helps[0])
    assert result.out == ""
    assert result.code == 2


TOML = {
    "syntax": ("[tool.policy\n", "1:13: the TOML cannot be read"),
    "unknown key": ("[tool.policy]\npolicy_set = 1\npolices = ['x']\n", "3:1: there is no key `polices`"),
    "missing folder": (
        "[project]\nname = 'x'\n[tool.policy]\npolicy_set = 1\npolicies = ['own']\n",
        "5:13: there are no policies at `own`",
    ),
    "binary": (b"[tool.policy]\n\0\n", "1:1: the file is binary, not text"),
}


@pytest.mark.parametrize("name", TOML)
def test_one_mistake_in_pyproject(name, plant, policy):
    content, message = TOML[name]
    plant({"pyproject.toml": content})
    result = policy("list")
    (headline,) = result.headlines
    assert headline.startswith(f"error: pyproject.toml:{message}")
    assert len(result.helps) == 1
    assert result.code == 2


def test_mistakes_are_named_from_the_working_folder(plant, policy, tmp_path):
    plant({".git/HEAD": "", "policy.yaml": f"{SET}polices: [x]\n", "deep/er/x.txt": ""})
    for call in (["check"], ["list"], ["lint"], ["test"], ["explain", "few-examples"], ["schema"]):
        result = policy(*call, folder=tmp_path / "deep/er")
        assert result.err.splitlines()[:2] == [
            "error: ../../policy.yaml:2:1: there is no key `polices`",
            " 2 | polices: [x]",
        ]
        assert result.code == 2


def test_a_pipe_in_place_of_the_policy_set_is_not_waited_for(policy, tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes on this system")
    os.mkfifo(tmp_path / "policy.yaml")
    result = policy("check")
    assert result.headlines == ["error: policy.yaml:1:1: this is a named pipe, not a file"]
    assert result.code == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.yaml", "gone.yaml:1:1: the file does not exist"),
        ("folder", "folder:1:1: this is a directory, not a file"),
        ("pyproject.toml", "`pyproject.toml` has no table `[tool.policy]`"),
    ],
)
def test_a_config_that_is_none(name, message, plant, policy):
    plant({"folder/x.txt": "", "pyproject.toml": "[project]\nname = 'x'\n"})
    result = policy("check", "--config", name)
    assert result.headlines == [f"error: {message}"]
    assert len(result.helps) == 1
    assert result.code == 2


def test_a_policy_set_without_policies_is_no_pass(plant, policy):
    plant({"policy.yaml": f"{SET}policies: []\n", "ml-manifest.yaml": "manifest: 1\nproject: a\n"})
    result = policy("check")
    assert result.headlines == ["error: no policy is judged at the gate `check`"]
    assert result.code == 3
