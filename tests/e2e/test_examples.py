"""The examples come out as their first lines say, and the catalogue passes its own tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
AT = ("--effective-time", "2026-11-20")


class Example:
    """What became of one example."""

    def __init__(self, decision: dict[str, Any]) -> None:
        self.verdict = decision["verdict"]
        self.contradictions = decision["contradictions"]
        self.outcomes = {outcome["policy"]: outcome for outcome in decision["outcomes"]}

    def list_policies(self, *outcomes: str) -> set[str]:
        return {name for name, outcome in self.outcomes.items() if outcome["outcome"] in outcomes}


@pytest.fixture
def judge(policy):
    def run(name: str, gate: str = "check") -> tuple[int, Example]:
        result = policy("check", f"examples/{name}", "--gate", gate, "--output", "json", *AT, folder=ROOT)
        assert result.err == ""
        (decision,) = json.loads(result.out)["decisions"]
        assert decision["project"] == name
        return result.code, Example(decision)

    return run


def test_prices_that_change_weekly_should_not_be_fine_tuned(judge):
    code, example = judge("pricing-answers")
    assert code == 1
    assert example.verdict == "block"
    assert {"volatile-data", "citations-required", "too-few-examples"} <= example.list_policies("fail")
    assert example.outcomes["volatile-data"]["effect"] == "block"
    assert example.outcomes["citations-required"]["effect"] == "block"
    assert "rag" in example.outcomes["volatile-data"]["instead"]


def test_the_rows_of_the_example_are_counted_not_believed(judge):
    _, example = judge("pricing-answers")
    (reason,) = example.outcomes["too-few-examples"]["because"]
    rows = (ROOT / "examples/pricing-answers/data/train.jsonl").read_text(encoding="utf-8").splitlines()
    assert reason["origin"] == "observed"
    assert int(reason["actual"].replace(",", "")) == len(rows)


@pytest.mark.parametrize("name", ["policy-faq", "reply-tone", "ticket-triage"])
@pytest.mark.parametrize("gate", ["check", "commit", "ci"])
def test_a_well_prepared_project_is_allowed(name, gate, judge):
    code, example = judge(name, gate)
    assert code == 0
    assert example.verdict == "allow"
    assert example.list_policies("fail", "error") == set()
    assert example.contradictions == []


def test_a_tuned_model_is_not_blamed_for_anything(judge):
    _, example = judge("reply-tone")
    assert example.list_policies("unknown") == set()
    assert {"prompting-first", "few-shot-tried", "too-few-examples"} <= example.list_policies("pass")


def test_all_examples_at_once(policy):
    result = policy("check", "examples", *AT, folder=ROOT)
    heads = [line.split()[:2] for line in result.out.splitlines() if line.startswith(("allow ", "block "))]
    allowed = ["policy-faq", "reply-tone", "ticket-triage"]
    assert heads == [["block", "pricing-answers"], *(["allow", name] for name in allowed)]
    assert result.out.splitlines()[-1].startswith("1 blocked, 3 allowed")
    assert result.code == 1


def test_an_example_is_the_same_outside_of_its_repository(policy, tmp_path):
    shutil.copytree(ROOT / "examples/reply-tone", tmp_path / "reply-tone")
    result = policy("check", "reply-tone", *AT)
    assert result.out.startswith("allow  reply-tone  reply-tone/ml-manifest.yaml")
    assert result.code == 0


def test_the_catalogue_passes_its_own_cases(policy):
    result = policy("test", "--require-cases", folder=ROOT)
    assert [line for line in result.out.splitlines() if not line.startswith("ok ")][:-1] == []
    assert result.err == ""
    assert result.code == 0


def test_the_catalogue_has_nothing_to_lint(policy):
    result = policy("lint", folder=ROOT)
    assert result.headlines == []
    assert result.out.endswith("0 errors, 0 warnings\n")
    assert result.code == 0
