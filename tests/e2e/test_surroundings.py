"""What the command is called in: no home, no git, no folder, and any folder at all."""

from __future__ import annotations

import json
import os
import shutil

import pytest

GOOD = "manifest: 1\nproject: good\napproach: rag\nsystem: {risk: minimal}\n"


@pytest.mark.parametrize("settings", [{"HOME": ""}, {"HOME": "/nowhere"}, {"PATH": ""}, {"PATH": "/nowhere"}])
def test_it_needs_neither_a_home_nor_git(settings, plant, policy):
    plant({"ml-manifest.yaml": GOOD})
    result = policy("check", env=settings)
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.err == ""
    assert result.code == 0


def test_it_needs_no_environment_at_all(plant, policy):
    plant({"ml-manifest.yaml": GOOD})
    policy.environment = {"PYTHONPATH": policy.environment["PYTHONPATH"]}
    assert policy("check").code == 0


def test_a_repository_without_git_is_walked_and_that_is_said(plant, policy):
    plant({".git/HEAD": "", "ml-manifest.yaml": GOOD})
    result = policy("check", env={"PATH": "/nowhere"})
    assert len(result.headlines) == 1
    assert result.headlines[0].startswith("warning: git cannot list the files of this repository (git is not installed")
    assert result.out.startswith("allow  good")
    assert result.code == 0


@pytest.mark.parametrize("call", ["check", "check {}", "list", "explain few-examples", "lint"])
def test_a_working_folder_that_is_gone(call, plant, policy, tmp_path):
    plant({"kept/ml-manifest.yaml": GOOD, "gone/x.txt": ""})

    def vanish() -> None:
        os.chdir(tmp_path / "gone")
        shutil.rmtree(tmp_path / "gone")

    result = policy(*call.format(tmp_path / "kept").split(), prepare=vanish)
    assert result.headlines == ["error: the working folder does not exist any more"]
    assert result.helps == ["change to one that does"]
    assert result.code == 2


def test_a_bug_is_one_line(plant, policy, tmp_path):
    bug = "import json\n\ndef broken(*_, **__):\n    raise KeyError('x')\n\njson.dumps = broken\n"
    plant({"site/sitecustomize.py": bug})
    path = os.pathsep.join([str(tmp_path / "site"), policy.environment["PYTHONPATH"]])
    result = policy("schema", env={"PYTHONPATH": path})
    (headline,) = result.headlines
    assert headline.startswith("error: a bug in policy ")
    assert headline.endswith("KeyError: 'x' (sitecustomize.py:4)")
    assert result.helps == ["please report it with this line; POLICY_DEBUG=1 shows the whole traceback"]
    assert result.code == 70
    process = policy.start("schema", env={"PYTHONPATH": path, "POLICY_DEBUG": "1"})
    assert b"Traceback" in process.communicate()[1]
    assert process.returncode == 70


def test_the_same_in_another_folder_gives_the_same_decisions(plant, policy, tmp_path):
    plant({"a/ml-manifest.yaml": GOOD, "b/ml-manifest.yaml": GOOD})
    decisions = []
    for folder in ("a", "b"):
        result = policy("check", "--output=json", "--effective-time=2026-11-20", folder=tmp_path / folder)
        decisions.append(json.loads(result.out))
    assert decisions[0] == decisions[1]
    assert str(tmp_path) not in json.dumps(decisions)
