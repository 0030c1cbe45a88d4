"""`policy waive`: what is asked for, where it is written, and what comes next."""

from __future__ import annotations

import os
import subprocess

import pytest

from policy.loading.git.commands import OF_ONE_REPOSITORY
from tests.gates.cli.conftest import SET, write_manifest, write_policy

ASK = "waive owned --project reply-tone --reason moving --owner ml --expires 2026-12-31 --effective-time 2026-11-20"
BY = f"{ASK} --requested-by jan"
RULES = "waiver_rules: {approvers: {default: [NAME]}}"
WRITTEN = """\
waivers: 1
entries:
  - policy: owned
    subject: reply-tone
    reason: moving
    owner: ml
    requested_by: jan
    requested_on: 2026-11-20
    expires: 2026-12-31
"""
OWNED = {"policies/own/owned.yaml": write_policy("owned", "require: {present: [owner.team]}\neffect: block\n")}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """No name but the one that a test gives."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in (*OF_ONE_REPOSITORY, "POLICY_TRUSTED_REVISION", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(plant):
    return plant({"policy.yaml": SET, **OWNED, "ml-manifest.yaml": write_manifest("reply-tone")})


def test_the_first_request_makes_the_file_and_says_all_that_is_missing(root, call):
    result = call(BY)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "asked for a waiver of `owned` for reply-tone until 2026-12-31, in waivers.yaml",
        "  next: list the file: add the line `waivers: [waivers.yaml]` to policy.yaml",
        f"  next: nobody may approve it yet: name who may in policy.yaml, `{RULES}`; they add `approved_by`",
        "  next: commit it, and merge it into the branch that is trusted: until then it does not count",
    ]
    assert (root / "waivers.yaml").read_text(encoding="utf-8") == WRITTEN


@pytest.mark.usefixtures("root")
def test_what_is_asked_for_is_listed_and_reported(call, plant):
    call(BY)
    rules = "waivers: [waivers.yaml]\nwaiver_rules: {approvers: {owned: [maria]}}\n"
    plant({"policy.yaml": SET + rules})
    listed = call("waivers --effective-time 2026-11-20")
    assert listed.out.startswith("pending   owned for reply-tone, until 2026-12-31 (41 days left)\n")
    assert "help: ask one of these to add `approved_by` and `approved_on`: maria" in listed.out
    result = call("check --effective-time 2026-11-20")
    assert "waivers.yaml:3:5: the waiver `owned for reply-tone` does not count: nobody has approved it" in result.err


@pytest.mark.usefixtures("root")
def test_asking_twice_is_refused(call, plant):
    call(BY)
    plant({"policy.yaml": f"{SET}waivers: [waivers.yaml]\n"})
    result = call(BY)
    assert (result.code, result.out) == (2, "")
    assert "waivers.yaml asks for this already" in result.err
    assert call(f"{BY} --id again").code == 0


def test_without_a_policy_set_one_is_to_be_written(plant, call):
    root = plant({"ml-manifest.yaml": write_manifest("reply-tone")})
    result = call(BY.replace("owned", "volatile-data"))
    assert (
        "  next: list the file: write policy.yaml with the lines `policy_set: 1` and `waivers: [waivers.yaml]`\n"
        in result.out
    )
    assert (root / "waivers.yaml").is_file()


def test_the_file_is_the_policy_sets_or_the_one_that_is_named(root, call, plant, monkeypatch):
    plant({"policy.yaml": f"{SET}waivers: [w/asked.yaml]\n", "w/asked.yaml": "waivers: 1\n", "sub/.keep": ""})
    monkeypatch.chdir(root / "sub")
    result = call(f"{BY} --config {root}/policy.yaml")
    assert "in ../w/asked.yaml" in result.out
    assert (root / "w" / "asked.yaml").read_text(encoding="utf-8") == WRITTEN
    monkeypatch.chdir(root)
    result = call(f"{BY} --file w/other.yaml")
    assert "  next: list the file: add `w/other.yaml` under `waivers:` in policy.yaml" in result.out.splitlines()


@pytest.mark.parametrize("name", ["", "Jan Jansen"])
def test_who_asks_is_who_git_says(root, call, name):
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    if name:
        subprocess.run(["git", "config", "user.name", name], cwd=root, check=True)
    result = call(ASK)
    if name:
        assert f"requested_by: {name}\n" in (root / "waivers.yaml").read_text(encoding="utf-8")
    else:
        assert result.code == 2
        assert "say who asks: `--requested-by NAME`" in result.err


@pytest.mark.usefixtures("root")
def test_a_folder_that_cannot_be_written_to_is_said(call):
    result = call(f"{BY} --file none/waivers.yaml")
    assert result.code == 2
    assert "none/waivers.yaml:1:1: the request cannot be written: No such file or directory" in result.err


def test_the_help_shows_how_it_is_called(call):
    result = call("waive --help")
    assert result.code == 0
    assert "policy waive volatile-data --project support-bot" in result.out
