"""What a service sees of a project that is moved: the same findings, elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

MANIFEST = """\
manifest: 1
project: tone
approach: fine-tuning
purpose: [knowledge]
needs: {citations: true, knowledge: true}
data: {change_interval: 7d}
model: {base: org/base}
"""
CONFIG = "base_model: org/base\nadapter: lora\nlearning_rate: 0.0002\ndatasets:\n  - {path: org/data, type: alpaca}\n"
MANIFEST_NAME = "ml-manifest.yaml"


def list_fingerprints(policy, name: str) -> dict[str, str]:
    """The fingerprints of a report in each of two formats, which agree."""
    result = policy("check", "-o", f"gitlab={name}.json", "-o", f"sarif={name}.sarif", "--effective-time", "2026-11-20")
    assert result.code == 1, result.err
    issues = json.loads((policy.folder / f"{name}.json").read_bytes())
    found = {issue["fingerprint"]: issue["check_name"] for issue in issues}
    (run,) = json.loads((policy.folder / f"{name}.sarif").read_bytes())["runs"]
    results = {item["fingerprints"]["policyFinding/v1"]: item["ruleId"] for item in run["results"]}
    assert found == results
    assert len(found) == len(issues) > 3
    return found


def move(folder: Path, manifest: str, config: str) -> None:
    """The project in another folder, its training config under another name."""
    (folder / "a" / "axolotl.yaml").rename(folder / "a" / "train.yaml")
    (folder / "a").rename(folder / "moved")
    (folder / "moved" / MANIFEST_NAME).write_text(manifest)
    (folder / "moved" / "train.yaml").write_text(config)


def test_moved_files_and_lines_make_no_new_findings(plant, policy):
    plant({f"a/{MANIFEST_NAME}": MANIFEST, "a/axolotl.yaml": CONFIG})
    before = list_fingerprints(policy, "before")
    lines = MANIFEST.splitlines()
    move(policy.folder, "# moved\n\n" + "\n".join(reversed(lines)) + "\n", f"# moved\n{CONFIG}")
    assert list_fingerprints(policy, "after") == before


def test_another_value_makes_a_new_finding_of_the_policy_that_reads_it(plant, policy):
    plant({f"a/{MANIFEST_NAME}": MANIFEST, "a/axolotl.yaml": CONFIG})
    before = list_fingerprints(policy, "before")
    move(policy.folder, MANIFEST.replace("7d", "6d"), CONFIG)
    after = list_fingerprints(policy, "after")
    assert {rule for mark, rule in after.items() if mark not in before} == {"volatile-data"}
    assert {rule for mark, rule in before.items() if mark not in after} == {"volatile-data"}
