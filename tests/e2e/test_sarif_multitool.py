"""SARIF files as Microsoft's validator sees them, with the rules for GitHub; needs the npm package sarif-multitool."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.reports.sarif_report import SarifReporter
from tests.reports.sarif_checks import poison_context
from tests.reports.scenarios import SCENARIOS
from tests.reports.whole import HOSTILE, compare, poison, poison_entry, poison_problems, render_decisions, render_named

ROOT = Path(__file__).resolve().parents[2]
# The program itself; where the variable is set it must be there.
PROGRAM = os.environ.get("POLICY_SARIF_MULTITOOL")
# The project has no address that would say who made the tool.
EXPECTED = {"SARIF2005"}
# What can be the name of a project or file: it is never empty.
WRITTEN = tuple(text for text in HOSTILE if text.strip())

Validate = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def validate(tmp_path: Path) -> Validate:
    """What the validator finds in a report."""
    if not PROGRAM:
        pytest.skip("POLICY_SARIF_MULTITOOL does not name the program of the npm package @microsoft/sarif-multitool")

    def run(text: str) -> list[dict[str, Any]]:
        file, found = tmp_path / "report.sarif", tmp_path / "found.sarif"
        file.write_text(text, encoding="utf-8")
        arguments = [
            "validate",
            str(file),
            "--rule-kind",
            "Sarif;Gh",
            "--output",
            str(found),
            "--log",
            "ForceOverwrite",
        ]
        # It says 0 of files that are broken.
        done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        (said,) = json.loads(found.read_bytes())["runs"]
        assert all(invocation["executionSuccessful"] for invocation in said["invocations"]), said["invocations"]
        results: list[dict[str, Any]] = said["results"]
        return results

    return run


def list_rules(results: list[dict[str, Any]], *levels: str) -> set[str]:
    return {result["ruleId"] for result in results if result.get("level", "warning") in levels}


def test_a_report_about_everything_is_sound(validate):
    text = render_named(SarifReporter(), *SCENARIOS, problems=poison_problems("a.yaml"))
    assert list_rules(validate(text), "error", "warning") <= EXPECTED


def test_the_examples_are_reported_soundly(validate, tmp_path, policy):
    file = tmp_path / "examples.sarif"
    result = policy("check", str(ROOT / "examples"), "--gate", "ci", "-o", f"sarif={file}", folder=ROOT)
    assert result.code in (0, 1)
    assert len(json.loads(file.read_bytes())["runs"][0]["results"]) > 5
    assert list_rules(validate(file.read_text(encoding="utf-8")), "error", "warning") <= EXPECTED


def test_a_report_of_a_run_with_a_baseline_is_sound(validate):
    decisions = [compare(make().decision) for make in SCENARIOS.values()]
    text = render_decisions(
        SarifReporter(), decisions, context=SCENARIOS["block"]().context(), fixed=[poison_entry("a")]
    )
    assert '"baselineState": "unchanged"' in text
    assert list_rules(validate(text), "error", "warning") <= EXPECTED


def test_a_run_that_could_not_judge_is_reported_soundly(validate, plant, policy, tmp_path):
    plant({"policy.yaml": "policy_set: 1\nno_such_key: 1\n"})
    assert policy("check", "-o", "sarif=report.sarif.json").code == 2
    text = (tmp_path / "report.sarif.json").read_text(encoding="utf-8")
    assert list_rules(validate(text), "error", "warning") <= EXPECTED


def test_whatever_projects_and_policies_say_the_report_is_sound(validate):
    decisions = [poison(text) for text in WRITTEN]
    problems = [problem for text in HOSTILE for problem in poison_problems(text)]
    text = render_decisions(SarifReporter(), decisions, problems, poison_context(*WRITTEN))
    assert not list_rules(validate(text), "error")


BREAKING = [
    ('"startLine": 7', '"startLine": 0'),
    ('"uri": "projects/tone/ml-manifest.yaml"', '"uri": "projects tone\\\\x"'),
    ('"locations": [', '"places": ['),
    ('"version": "2.1.0"', '"version": "2.0.0"'),
]


@pytest.mark.parametrize(("right", "wrong"), BREAKING)
def test_a_broken_file_is_found(validate, right, wrong):
    text = render_named(SarifReporter(), "block")
    assert right in text
    assert list_rules(validate(text.replace(right, wrong, 1)), "error")
