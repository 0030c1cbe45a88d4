"""The score of the readers over configs that other people wrote, and over a small corpus with faults planted in it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Tool folder → files, training configs among them.
SIZES = {
    "alignment-handbook": (9, 8),
    "axolotl": (63, 63),
    "hyperpod-recipes": (31, 31),
    "llama-factory": (37, 24),
    "torchtune": (49, 42),
}
TORCHTUNE = """\
model: {_component_: torchtune.models.gemma.lora_gemma_2b}
checkpointer: {_component_: torchtune.training.C, checkpoint_dir: /m}
dataset: {_component_: torchtune.datasets.alpaca_dataset}
optimizer: {_component_: torch.optim.AdamW}
loss: {_component_: torchtune.modules.loss.LinearCrossEntropyLoss}
"""


@pytest.fixture
def scoring(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return import_module("benchmarks.corpus_score")


def test_the_readers_over_the_corpus(corpus, scoring, capsys):
    scored = list(scoring.score_corpus(str(corpus)))
    assert [one.file for one in scored if one.error] == []
    assert [(one.file, one.recognised) for one in scored if one.is_alarm] == []
    assert [one.file for one in scored if one.trains and one.told is None] == []
    for tool, (files, training) in SIZES.items():
        assert sum(one.tool == tool for one in scored) == files
        assert sum(one.tool == tool and one.trains for one in scored) == training
    for question in scoring.QUESTIONS:
        answers = [one.is_right(*question) for one in scored]
        assert answers.count(False) == 0
        assert answers.count(True) > 60
    assert scoring.run(str(corpus)) is True
    assert "| torchtune " in capsys.readouterr().out


def test_recognised_configs_tell_what_is_the_same_for_all(corpus, scoring):
    for one in scoring.score_corpus(str(corpus)):
        if one.told:
            paths = {fact.path for fact in one.told.facts}
            assert {"approach", "training.tool", "training.config"} <= paths
            assert all(fact.location and fact.location.file == one.file for fact in one.told.facts)
            assert one.told.problems == () or one.tool in {"axolotl", "llama-factory"}


def test_known_values_of_the_corpus(corpus, scoring):
    by_end = {f"{one.tool}/{one.file}": one for one in scoring.score_corpus(str(corpus))}

    def get(end: str, path: str) -> object:
        return next(one for name, one in by_end.items() if name.endswith(end)).get(path)

    assert get("smollm3/sft/sft.yaml", "model.revision") == "it-mid-training"
    assert get("smollm3/sft/sft.yaml", "model.remote_code") is True
    assert get("smollm3/sft/sft.yaml", "training.validation") is False
    assert get("torchtune/recipes/configs/llama3_3/70B_qlora.yaml", "training.adapter") == "qlora"
    assert get("dev/3B_full_grpo.yaml", "model.base") == "/tmp/llama3B_gsm8k_sft_part0/epoch_0"
    assert get("verl-sft-nemotron-3-nano-30b-fft.yaml", "model.remote_code") is True
    assert get("llmft_qwen3_0_dot_6b_seq4k_gpu_sft_lora.yaml", "training.seed") == 42


def test_faults_of_a_corpus_are_counted_and_named(scoring, plant, capsys):
    folder = plant(
        {
            "torchtune/a/2B_lora.yaml": TORCHTUNE,
            "torchtune/a/2B_full.yaml": TORCHTUNE,
            "torchtune/a/3B_lora.yaml": "a: b\n",
            "torchtune/evaluation.yaml": TORCHTUNE,
            "torchtune/quantization.yaml": "_component_: [\n",
            "others/lora.yaml": TORCHTUNE,
            "others/notes.txt": TORCHTUNE,
        }
    )
    assert scoring.run(str(folder)) is False
    printed = capsys.readouterr().out
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in printed.split("\n")
        if line.startswith("| ")
    }
    assert rows["torchtune"] == ["5", "2 of 3", "0 of 0", "1 of 2", "1", "1"]
    assert rows["others"] == ["1", "0 of 0", "0 of 0", "1 of 1", "1", "0"]
    assert "torchtune/a/2B_full.yaml: training.adapter is lora, by its name full" in printed
    assert "torchtune/a/3B_lora.yaml: not recognised" in printed
    assert "others/lora.yaml: torchtune" in printed


def test_a_corpus_of_nothing_but_right_answers_passes(scoring, plant):
    assert scoring.run(str(plant({"torchtune/2B_lora.yaml": TORCHTUNE}))) is True


def test_a_folder_is_needed(scoring, monkeypatch, capsys):
    monkeypatch.delenv("CORPUS", raising=False)
    assert scoring.run() is False
    assert scoring.run("nowhere") is False
    assert "name a folder" in capsys.readouterr().err
