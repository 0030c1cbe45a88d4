from __future__ import annotations

import pytest

from policy.evidence.tools.readers import RepositoryContext
from policy.evidence.tools.torchtune import TorchtuneReader
from policy.model.fact import ABSENT
from policy.model.facts import Facts
from policy.source.yaml_reader import read_yaml

SMALLEST = """\
weights: /weights
model:
  _component_: torchtune.models.gemma.gemma_2b
checkpointer:
  _component_: torchtune.training.FullModelHFCheckpointer
  checkpoint_dir: ${weights}/gemma-2b
dataset:
  _component_: torchtune.datasets.alpaca_dataset
optimizer:
  _component_: torch.optim.AdamW
loss:
  _component_: torchtune.modules.loss.LinearCrossEntropyLoss
"""


def describe(told):
    return [(item.path, item.name, item.split, item.resolved, item.portion) for item in told.datasets]


def test_the_smallest_config_tells_what_torchtune_does(values):
    assert values("torchtune", SMALLEST) == {
        "approach": "fine-tuning",
        "training.tool": "torchtune",
        "training.config": "train.yaml",
        "model.base": "/weights/gemma-2b",
        "model.remote_code": False,
        "training.method": "sft",
        "training.adapter": "full",
        "training.seed": ABSENT,
        "training.validation": False,
    }


def test_what_is_set_is_told_with_its_place(tell):
    told = tell("torchtune", f"{SMALLEST}seed: 7\nepochs: 2\nmax_steps_per_epoch: null\n", file="conf/a.yaml")
    facts = {fact.path: fact for fact in told.facts}
    assert (facts["training.seed"].value, str(facts["training.seed"].location)) == (7, "conf/a.yaml:13:7")
    assert (facts["training.epochs"].value, facts["training.epochs"].source) == (2.0, "torchtune config")
    assert str(facts["model.base"].location) == "conf/a.yaml:6:19"
    assert str(facts["training.adapter"].location) == "conf/a.yaml:3:16"
    assert facts["model.remote_code"].source == "torchtune default"
    assert set(Facts(told.facts).values) >= set(facts)


@pytest.mark.parametrize(
    ("builder", "lines", "adapter"),
    [
        ("gemma_2b", "", "full"),
        ("lora_gemma_2b", "", "lora"),
        ("qlora_gemma_2b", "", "qlora"),
        ("lora_gemma_2b", "  quantize_base: True\n", "qlora"),
        ("lora_gemma_2b", "  use_dora: True\n", "dora"),
        ("lora_gemma_2b", "  use_dora: True\n  quantize_base: True\n", "dora"),
        ("lora_gemma_2b", "  use_dora: False\n", "lora"),
    ],
)
def test_adapters(values, builder, lines, adapter):
    text = SMALLEST.replace("gemma.gemma_2b\n", f"gemma.{builder}\n{lines}")
    assert values("torchtune", text)["training.adapter"] == adapter


@pytest.mark.parametrize(
    ("loss", "lines", "method"),
    [
        ("modules.loss.CEWithChunkedOutputLoss", "", "sft"),
        ("rlhf.loss.DPOLoss", "", "dpo"),
        ("rlhf.loss.SimPOLoss", "", "other"),
        ("rlhf.loss.PPOLoss", "", "ppo"),
        ("dev.grpo.loss.GRPOSimpleLoss", "", "grpo"),
        ("modules.loss.LinearCrossEntropyLoss", "kd_loss: {_component_: torchtune.modules.loss.KL}\n", "distillation"),
        ("modules.loss.LinearCrossEntropyLoss", "grpo_samples: 16\n", "grpo"),
    ],
)
def test_methods(values, loss, lines, method):
    text = SMALLEST.replace("modules.loss.LinearCrossEntropyLoss", loss) + lines
    assert values("torchtune", text)["training.method"] == method


def test_a_loss_of_the_projects_own_leaves_the_method_open(values):
    assert "training.method" not in values("torchtune", SMALLEST.replace("LinearCrossEntropyLoss", "MyLoss"))


def test_plain_text_is_continued_pretraining(values):
    text = SMALLEST.replace("alpaca_dataset", "text_completion_dataset\n  source: org/text")
    assert values("torchtune", text)["training.method"] == "continued-pretraining"


def test_the_policy_is_the_model_of_ppo(values):
    told = values("torchtune", SMALLEST.replace("model:\n  _comp", "policy_model:\n  _comp"))
    assert (told["training.method"], told["training.adapter"]) == ("ppo", "full")


@pytest.mark.parametrize("steps", ["max_steps_per_epoch: 100", "num_steps: 200"])
def test_a_number_of_steps_leaves_the_epochs_open(values, steps):
    assert "training.epochs" not in values("torchtune", f"{SMALLEST}epochs: 3\n{steps}\n")


@pytest.mark.parametrize(
    ("lines", "validation"),
    [
        ("run_val_every_n_steps: 50\ndataset_val: {_component_: torchtune.datasets.alpaca_dataset}", True),
        ("run_val_every_n_steps: null\ndataset_val: {_component_: torchtune.datasets.alpaca_dataset}", False),
        ("run_val_every_n_steps: 50", False),
    ],
)
def test_validation_needs_data_and_a_time_for_it(values, lines, validation):
    assert values("torchtune", f"{SMALLEST}{lines}\n")["training.validation"] is validation


def test_datasets_are_files_sources_and_defaults_of_builders(tell, plant):
    plant({"data/a.jsonl": "{}"})
    data = """\
dataset:
  - {_component_: torchtune.datasets.alpaca_cleaned_dataset, split: 'train[:95%]'}
  - {_component_: torchtune.datasets.chat_dataset, source: json, data_files: data/a.jsonl, split: train}
  - {_component_: torchtune.datasets.instruct_dataset, source: org/data}
  - {_component_: our.datasets.tickets}
  - {_component_: torchtune.datasets.chat_dataset, source: "${nowhere}"}
"""
    text = SMALLEST.replace("dataset:\n  _component_: torchtune.datasets.alpaca_dataset\n", data)
    told = tell("torchtune", f"{text}dataset_val: {{_component_: torchtune.datasets.samsum_dataset}}\n")
    assert told.problems == ()
    assert describe(told) == [
        (None, "yahma/alpaca-cleaned", "train", True, "train[:95%]"),
        ("data/a.jsonl", None, "train", True, ""),
        (None, "org/data", "train", True, ""),
        (None, "our.datasets.tickets", "train", False, ""),
        (None, "torchtune.datasets.chat_dataset", "train", False, ""),
        (None, "Samsung/samsum", "validation", True, ""),
    ]


@pytest.mark.parametrize(
    "drop",
    [
        "optimizer:\n  _component_: torch.optim.AdamW\n",
        "checkpointer:\n  _component_: torchtune",
        "model:\n  _component_",
    ],
)
def test_what_trains_nothing_is_not_recognised(tell, drop):
    assert tell("torchtune", SMALLEST.replace(drop, drop.replace("_component_", "other"))) is None


@pytest.mark.parametrize(
    "text",
    [
        "model: {_component_: torchtune.models.a.b}\ntasks: [truthfulqa]\ncheckpointer: {_component_: torchtune.t.C}\n",
        "model: {_component_: torchtune.models.a.b}\nquantizer: {_component_: torchtune.training.Q}\n",
        "model: {_component_: our.model}\noptimizer: {_component_: torch.SGD}\ndataset: {_component_: our.data}\n",
        "_component_: torchtune\n",
        "- _component_\n",
    ],
)
def test_evaluation_quantisation_and_other_tools_are_not_recognised(tell, text):
    assert tell("torchtune", text) is None


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("seed: x", "training.seed", "train.yaml:13:7: `seed` is `x` where a whole number is needed"),
        ("epochs: [1]", "training.epochs", "train.yaml:13:9: `epochs` is a list or a mapping"),
        ("run_val_every_n_steps: x", "training.validation", "train.yaml:13:24: `run_val_every_n_steps` is `x`"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_warning_and_no_fact(tell, line, path, message):
    told = tell("torchtune", f"{SMALLEST}{line}\n")
    assert path not in {fact.path for fact in told.facts}
    [problem] = told.problems
    assert problem.level == "warning"
    assert str(problem).startswith(message)


def test_a_reference_that_leads_nowhere_leaves_the_model_open(values):
    assert "model.base" not in values("torchtune", SMALLEST.replace("weights: /weights", "weights: ${weights}"))


def test_a_document_without_keys_tells_nothing():
    assert TorchtuneReader().read(read_yaml(b"- a", "a.yaml"), RepositoryContext(".")).facts == ()
