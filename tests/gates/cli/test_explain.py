from __future__ import annotations

import json

import pytest

from tests.gates.cli.conftest import SET, write_manifest, write_policy

OWN = write_policy(
    "own",
    "when: {stage: [pilot, production]}\n"
    "require: {data.rows: {at_least: {param: enough}}}\n"
    "params: {enough: {default: 100, about: Rows that are enough}}\n"
    "effect: {commit: flag, default: block}\n"
    "because: Few rows teach little.\n"
    "fix: Collect {enough} rows.\n"
    "references: [The handbook]\n",
)


@pytest.fixture(autouse=True)
def own(plant):
    plant({"policy.yaml": SET, "policies/own/own.yaml": OWN})


def test_a_policy_by_itself(call):
    result = call("explain own")
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith("own (low): About own\n\nRequires:  When stage is pilot or production: data.rows")
    for text in (
        "Few rows teach little.",
        "Collect 100 rows.",
        "own.enough = 100: Rows that are",
        "The handbook",
    ):
        assert text in result.out
    assert result.out.endswith("\nFile:      policies/own/own.yaml\n")
    assert "check block, commit flag, ci block, run block, release block" in result.out


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("stage: pilot\ndata: {rows: 5}\n", "p: fail"),
        ("stage: pilot\ndata: {rows: 500}\n", "p: pass"),
        ("stage: pilot\n", "p: unknown"),
        ("stage: retired\n", "p: not-applicable"),
    ],
)
def test_how_a_project_stands(rest, said, plant, call):
    plant({"p/ml-manifest.yaml": write_manifest("p", rest)})
    for path in ("p", "p/ml-manifest.yaml"):
        result = call(f"explain own {path}")
        assert f"\n\n{said}\n" in result.out
        assert result.code == 0


def test_the_place_that_decided_is_named_as_from_the_working_folder(plant, call, monkeypatch):
    root = plant({".git/HEAD": "", "p/ml-manifest.yaml": write_manifest("p", "stage: pilot\ndata: {rows: 5}\n")})
    (root / "q").mkdir()
    monkeypatch.chdir(root / "q")
    assert "data.rows is 5 (declared at ../p/ml-manifest.yaml:4:14)" in call("explain own ../p").out


def test_a_manifest_that_is_wrong(plant, call):
    plant({"p/ml-manifest.yaml": write_manifest("p", "stage: pilt\n")})
    result = call("explain own p")
    assert result.out.startswith("own (low): About own\n")
    assert result.err.startswith("error: p/ml-manifest.yaml:3:8: `stage`: `pilt` is not one of")
    assert result.code == 2


def test_a_folder_without_projects(plant, call):
    plant({"empty/x.txt": ""})
    result = call("explain own empty")
    assert result.err.startswith("error: there is no manifest and no training config at empty\n")
    assert result.code == 3


@pytest.mark.parametrize(("name", "remedy"), [("onw", "write `own`"), ("few-examples", "there are own")])
def test_a_policy_that_is_not_in_force(name, remedy, call):
    result = call(f"explain {name}")
    assert result.err == f"error: there is no policy `{name}`\n  help: {remedy}\n"
    assert result.code == 2


def test_every_policy_of_the_catalogue(plant, call):
    plant({"policy.yaml": "policy_set: 1\n"})
    rows = json.loads(call("list --output json").out)
    assert rows
    for row in rows:
        result = call(f"explain {row['policy']}")
        assert result.out.startswith(f"{row['policy']} ({row['severity']}): {row['title']}\n\nRequires: ")
        assert "\nBecause: " in result.out
        assert "\nFix: " in result.out
        assert result.code == 0
