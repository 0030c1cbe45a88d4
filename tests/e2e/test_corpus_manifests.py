"""The command on training configs and data that other people wrote, with manifests written for them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

TRAINS_NOTHING = re.compile(r"accelerate/|inference/|merge_lora/|export_|deepspeed|evaluat|extras/nlg_eval|/data/")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/reply-tone"
DATA = re.compile(r"^data:\n.*?(?=^model:)", re.MULTILINE | re.DOTALL)
MODEL = re.compile(r"^model:\n.*?(?=^training:)", re.MULTILINE | re.DOTALL)
TRAINING = re.compile(r"^training:\n.*?(?=^tried:)", re.MULTILINE | re.DOTALL)


def write_manifest(rows: int) -> str:
    """That of the good example, with another training and a claim about its rows."""
    text = (EXAMPLE / "ml-manifest.yaml").read_text(encoding="utf-8")
    text = DATA.sub(f"data: {{change_interval: 180d, rows: {rows}}}\n", text)
    text = MODEL.sub("model: {license: apache-2.0}\n", text)
    return TRAINING.sub("training: {config: train/sft.yaml, interval: 180d}\n", text)


@pytest.fixture
def project(corpus: Path, tmp_path: Path):
    """A project that trains on datasets of the corpus and claims a number of rows."""

    def make(datasets: str, rows: int, config: str = "train_full/qwen3_full_sft.yaml") -> None:
        shutil.copytree(corpus / "llama-factory/data", tmp_path / "data", dirs_exist_ok=True)
        text = (corpus / "llama-factory/examples" / config).read_text(encoding="utf-8")
        (tmp_path / "train").mkdir()
        changed = re.sub(r"^dataset: .*$", f"dataset: {datasets}", text, flags=re.MULTILINE)
        (tmp_path / "train/sft.yaml").write_text(changed, encoding="utf-8")
        (tmp_path / "ml-manifest.yaml").write_text(write_manifest(rows), encoding="utf-8")
        shutil.copytree(EXAMPLE / "evals", tmp_path / "evals")
        shutil.copy(EXAMPLE / "MODEL_CARD.md", tmp_path)

    return make


@pytest.fixture
def judge(policy):
    def run() -> dict[str, Any]:
        decision: dict[str, Any]
        result = policy("check", "--gate", "ci", "--output", "json", "--effective-time", "2026-11-20")
        (decision,) = json.loads(result.out)["decisions"]
        assert decision["training_config"] == "train/sft.yaml"
        return decision

    return run


def get_outcomes(decision: dict[str, Any]) -> dict[str, str]:
    """What the policies on the number of rows say."""
    outcomes = {outcome["policy"]: outcome["outcome"] for outcome in decision["outcomes"]}
    return {name: outcomes[name] for name in ("too-few-examples", "few-examples")}


def get_effects(decision: dict[str, Any]) -> dict[str, str]:
    """What comes of those that fail."""
    outcomes = {outcome["policy"]: outcome for outcome in decision["outcomes"]}
    failed = [outcomes[name] for name in ("too-few-examples", "few-examples") if outcomes[name]["outcome"] == "fail"]
    return {outcome["policy"]: outcome["effect"] for outcome in failed}


def test_a_project_that_claims_5000_rows_and_has_91_is_caught(project, judge, policy):
    project("identity", 5000)
    decision = judge()
    assert get_outcomes(decision) == {"too-few-examples": "fail", "few-examples": "fail"}
    outcome = next(outcome for outcome in decision["outcomes"] if outcome["policy"] == "too-few-examples")
    (reason,) = outcome["because"]
    assert (reason["field"], reason["actual"], reason["origin"]) == ("data.rows", "91", "observed")
    (contradiction,) = decision["contradictions"]
    assert contradiction["field"] == "data.rows"
    assert "5000" in str(contradiction["declared"]).replace(",", "")
    assert "91" in str(contradiction["observed"])
    assert decision["verdict"] == "block"
    assert get_effects(decision) == {"too-few-examples": "block", "few-examples": "flag"}
    text = policy("check").out
    assert "contradiction" in text
    assert "5000" in text.replace(",", "")


def test_a_project_with_999_rows_has_few_and_not_too_few(project, judge):
    project("alpaca_en_demo", 5000)
    decision = judge()
    assert get_outcomes(decision) == {"too-few-examples": "pass", "few-examples": "fail"}
    assert get_effects(decision) == {"few-examples": "flag"}
    outcome = next(outcome for outcome in decision["outcomes"] if outcome["policy"] == "few-examples")
    assert [(reason["actual"], reason["origin"]) for reason in outcome["because"]] == [("999", "observed")]
    assert [contradiction["field"] for contradiction in decision["contradictions"]] == ["data.rows"]


def test_a_project_that_claims_what_is_there_contradicts_nothing(project, judge):
    project("alpaca_en_demo", 999)
    assert judge()["contradictions"] == []


def test_a_project_with_1090_rows_has_enough(project, judge):
    project("identity,alpaca_en_demo", 1090)
    decision = judge()
    assert get_outcomes(decision) == {"too-few-examples": "pass", "few-examples": "pass"}
    assert decision["contradictions"] == []


@pytest.mark.parametrize("config", ["extras/loraplus/llama3_lora_sft.yaml", "train_qlora/llama3_lora_sft_gptq.yaml"])
def test_other_configs_lead_to_the_same_data(config, project, judge):
    project("identity", 91, config)
    assert get_outcomes(judge()) == {"too-few-examples": "fail", "few-examples": "fail"}


def test_a_claim_that_nothing_can_be_held_against_counts_as_a_claim(project, policy):
    project("dpo_en_demo", 5000)
    result = policy("check", "--output", "json")
    assert "`data/dpo_en_demo.json` does not exist" in result.err
    (decision,) = json.loads(result.out)["decisions"]
    assert get_outcomes(decision) == {"too-few-examples": "pass", "few-examples": "pass"}


# The folders of the corpus that hold training configs; no other one may be taken for one.
TOOLS = {"alignment-handbook", "axolotl", "hyperpod-recipes", "llama-factory", "torchtune"}


def test_every_training_config_is_found_without_a_manifest(corpus, policy, tmp_path, record_property):
    shutil.copytree(corpus, tmp_path / "all")
    result = policy("check", "all", "--output", "json", "--jobs", "2")
    document = json.loads(result.out)
    found = {decision["training_config"].removeprefix("all/") for decision in document["decisions"]}
    scores = []
    for tool in ("axolotl", "llama-factory"):
        files = {path.relative_to(corpus).as_posix() for path in (corpus / tool).rglob("*.y*ml")}
        wanted = {file for file in files if not TRAINS_NOTHING.search(file)}
        ours = {file for file in found if file.startswith(f"{tool}/")}
        scores.append((tool, len(wanted), wanted - ours, ours - wanted))
    for tool, count, missed, alarms in scores:
        right = count - len(missed)
        record_property("score", f"{tool}: {right} of {count} training configs judged, false alarms {len(alarms)}")
    assert result.code in (0, 1)
    assert not [line for line in result.headlines if line.startswith("error:")]
    assert document["errors"] == []
    assert [(missed, alarms) for _, _, missed, alarms in scores] == [(set(), set())] * 2
    assert {file.split("/")[0] for file in found} == TOOLS
    assert all(
        next(outcome for outcome in decision["outcomes"] if outcome["policy"] == "undeclared-fine-tuning")["outcome"]
        == "fail"
        for decision in document["decisions"]
    )
