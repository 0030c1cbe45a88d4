"""Living with findings, as a team does: recorded once, only what is new fails, and the file shrinks to nothing."""

from __future__ import annotations

import json
import re

import pytest

from tests.loading.conftest import git

MANIFEST = """\
manifest: 1
project: {name}
approach: fine-tuning
purpose: [knowledge]
needs: {{citations: true, knowledge: true}}
data: {{change_interval: {interval}}}
model: {{base: org/base}}
"""
BASE = "policy: other-base\ntitle: A base\nseverity: low\nrequire: {model.base: {one_of: [a]}}\neffect: block\n"
CONFIG = "base_model: org/base\nadapter: lora\nlearning_rate: 0.0002\ndatasets:\n  - {path: org/data, type: alpaca}\n"
FILE = ".policy-baseline.json"
AT = ("--gate", "ci", "--effective-time", "2026-11-20")


def write(name: str, interval: str = "7d") -> str:
    return MANIFEST.format(name=name, interval=interval)


@pytest.fixture
def known(plant, policy):
    """Ten projects of which none passes, and a baseline that knows it."""
    plant({f"p{number}/ml-manifest.yaml": write(f"p{number}") for number in range(10)})
    assert policy("check", *AT).code == 1
    result = policy("baseline", *AT)
    assert (result.code, result.err) == (0, "")
    return json.loads((policy.folder / FILE).read_bytes())["findings"]


def test_a_year_with_a_baseline(known, plant, policy):
    assert len(known) > 30
    check = ("check", *AT, "--baseline", FILE)
    assert policy(*check).code == 0
    # A new project with an old mistake, and an old one that becomes worse.
    plant({"new/ml-manifest.yaml": write("new"), "p3/ml-manifest.yaml": write("p3", "6d")})
    result = policy(*check, "-o", "short")
    assert result.code == 1
    worse = [line for line in result.out.splitlines() if "worse than in the baseline" in line]
    assert [line.partition("]")[0] for line in worse] == ["p3/ml-manifest.yaml:6:25: block[volatile-data"]
    (policy.folder / "new/ml-manifest.yaml").unlink()
    # A move, and a value on its way up.
    (policy.folder / "p4").rename(policy.folder / "elsewhere")
    plant({"p3/ml-manifest.yaml": write("p3", "9d")})
    result = policy(*check)
    assert result.code == 0
    assert "better now: data.change_interval was 7d, is 9d" in " ".join(result.out.split())
    # What is mended is taken out, and cannot come back.
    plant({"p3/ml-manifest.yaml": write("p3", "90d")})
    assert "volatile-data (p3)" in policy(*check).out
    assert policy("baseline", *AT, "--prune").code == 0
    assert len(json.loads((policy.folder / FILE).read_bytes())["findings"]) == len(known) - 1
    plant({"p3/ml-manifest.yaml": write("p3", "9d")})
    assert policy(*check).code == 1


def test_without_any_one_entry_that_blocks_the_check_fails_for_that_one_alone(known, policy):
    text = (policy.folder / FILE).read_text()
    blocking = [entry for entry in known if entry["effect"] == "block"]
    for entry in blocking[:: max(1, len(blocking) // 5)]:
        kept = [item for item in known if item["fingerprint"] != entry["fingerprint"]]
        (policy.folder / FILE).write_text(json.dumps({**json.loads(text), "findings": kept}))
        result = policy("check", *AT, "--baseline", FILE, "-o", "json")
        assert result.code == 1
        decisions = json.loads(result.out)["decisions"]
        new = [found for item in decisions for found in item["baseline"]["findings"] if found["state"] != "known"]
        assert [found["fingerprint"] for found in new] == [entry["fingerprint"]]


def test_every_report_of_a_run_with_a_baseline_is_written(known, policy):
    assert known
    formats = ("text", "short", "json", "sarif", "junit", "github", "gitlab", "markdown", "html", "csv")
    outputs = [part for name in formats for part in ("-o", f"{name}=out.{name}")]
    result = policy("check", *AT, "--baseline", FILE, *outputs)
    assert (result.code, result.err) == (0, "")
    texts = {name: (policy.folder / f"out.{name}").read_text(encoding="utf-8") for name in formats}
    assert all("volatile-data" in text for text in texts.values())
    assert all(re.search("[Kk]nown", text) for text in texts.values())
    issues = json.loads(texts["gitlab"])
    assert {issue["severity"] for issue in issues} == {"info"}
    (run,) = json.loads(texts["sarif"])["runs"]
    compared = [item for item in run["results"] if "baselineState" in item]
    assert {item["baselineState"] for item in compared} == {"unchanged"}
    assert all(item["suppressions"] for item in compared)
    assert run["invocations"][0]["exitCode"] == 0


def test_many_projects_in_several_processes_compare_as_in_one(known, plant, policy):
    assert known
    plant({"policy.yaml": "policy_set: 1\npolicies: [catalogue, policies]\n", "policies/own/base.yaml": BASE})
    plant({f"c{number}/axolotl.yaml": CONFIG for number in range(120)})
    assert policy("baseline", *AT).code == 0
    plant({f"d{number}/axolotl.yaml": CONFIG for number in range(3)})
    runs = [policy("check", *AT, "--baseline", FILE, "-o", "json", "--jobs", jobs) for jobs in ("1", "3")]
    assert runs[0] == runs[1]
    states = json.loads(runs[0].out)["baseline"]["findings"]
    found = json.loads((policy.folder / FILE).read_bytes())["findings"]
    assert states["known"] == len(found)
    undeclared = [entry["fingerprint"] for entry in found if entry["project"] is None]
    # They are alike: nothing but their number tells that there are more of them.
    assert len(undeclared) == 120 * len(set(undeclared)) > 0
    assert states["new"] == 3 * len(set(undeclared))


@pytest.mark.parametrize("asked", [(), ("--changed-since", "main"), ("new",)])
@pytest.mark.parametrize("name", ["ml-manifest.yaml", "axolotl.yaml"])
def test_what_is_known_of_one_is_not_known_of_a_copy(asked, name, plant, policy):
    """Also where the one that is known is not judged, as it is not below the paths or not touched."""
    text = write("old") if name == "ml-manifest.yaml" else CONFIG
    plant({f"old/{name}": text})
    for call in (("init", "-qb", "main"), ("add", "."), ("commit", "-qm.")):
        git(policy.folder, *call)
    assert policy("baseline", *AT).code == 0
    plant({f"new/{name}": text})
    result = policy("check", *AT, "--baseline", FILE, *asked, "-o", "json")
    states = {
        decision["manifest"] or decision["training_config"]: {
            item["state"] for item in decision["baseline"]["findings"]
        }
        for decision in json.loads(result.out)["decisions"]
    }
    assert states == {f"new/{name}": {"new"}} | ({} if asked else {f"old/{name}": {"known"}})
    assert f"the baseline knows it of old/{name}" in result.out
    assert result.code == 1
    # One that has moved is the same one.
    (policy.folder / f"old/{name}").unlink()
    assert policy("check", *AT, "--baseline", FILE, *asked).code == 0
