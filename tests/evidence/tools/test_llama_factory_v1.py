from __future__ import annotations

import pytest

from policy.model.fact import ABSENT

SMALLEST = "model: org/model\nmodel_class: llm\ntrain_dataset: data/index.yaml\n"
INDEX = """
a: {file_name: data/a.json, converter: alpaca}
b: {file_name: b.json, dataset_dir: data, converter: alpaca, num_samples: 5}
c: {path: data/c.jsonl, source: local}
d: {path: org/hub}
e: {hf_hub_url: org/other}
f: {path: data/gone.jsonl, source: local}
g: {converter: alpaca}
h: text
"""
FILES = {"data/index.yaml": INDEX, "data/a.json": "[]", "data/b.json": "[]", "data/c.jsonl": ""}


def describe(told):
    return [(item.path, item.name, item.resolved, item.portion) for item in told.datasets]


def test_the_smallest_config_tells_the_documented_defaults(values, plant):
    plant({**FILES, "data/index.yaml": "a: {file_name: data/a.json}"})
    assert values("llama-factory", SMALLEST) == {
        "approach": "fine-tuning",
        "training.tool": "llama-factory",
        "training.config": "train.yaml",
        "model.base": "org/model",
        "model.revision": ABSENT,
        "model.remote_code": False,
        "training.method": "sft",
        "training.adapter": "full",
        "training.seed": 42,
        "training.epochs": 3.0,
        "training.validation": False,
    }


@pytest.mark.parametrize(
    "lines",
    [
        "micro_batch_size: 1",
        "global_batch_size: 8",
        "cutoff_len: 2048",
        "batching_strategy: normal",
        "output_dir: o\nlearning_rate: 1.0e-4",
        "output_dir: o\nnum_train_epochs: 3",
        "output_dir: o\nmax_steps: 10",
    ],
)
def test_full_fine_tuning_needs_no_plugin(tell, lines):
    told = tell("llama-factory", f"model: org/model\ntrain_dataset: org/data\n{lines}\n")
    assert {fact.path: fact.value for fact in told.facts}["training.adapter"] == "full"


@pytest.mark.parametrize(
    "text",
    [
        "model: org/model\ntrain_dataset: org/data\n",
        "model: org/model\ntrain_dataset: org/data\noutput_dir: o\n",
        "model: org/model\ntrain_dataset: org/data\nlearning_rate: 0.1\n",
        "model: org/model\nsample_backend: hf\nmax_new_tokens: 128\n",
        "model: org/model\noutput_dir: o\nmicro_batch_size: 1\n",
        "model: {name: m}\ntrain_dataset: org/data\nmicro_batch_size: 1\n",
    ],
)
def test_what_does_not_plainly_train_is_not_recognised(tell, text):
    assert tell("llama-factory", text) is None


def test_the_index_says_what_the_datasets_are(tell, plant):
    plant(FILES)
    assert describe(tell("llama-factory", SMALLEST)) == [
        ("data/a.json", None, True, ""),
        ("data/b.json", None, True, "num_samples: 5"),
        ("data/c.jsonl", None, True, ""),
        (None, "org/hub", True, ""),
        (None, "org/other", True, ""),
        (None, "data/gone.jsonl", False, ""),
        (None, "g", False, ""),
    ]


def test_a_dataset_can_be_named_without_an_index(tell, plant):
    plant(FILES)
    assert describe(tell("llama-factory", SMALLEST.replace("index.yaml", "c.jsonl"))) == [
        ("data/c.jsonl", None, True, "")
    ]
    assert describe(tell("llama-factory", SMALLEST.replace("data/index.yaml", "org/data"))) == [
        (None, "org/data", True, "")
    ]


@pytest.mark.parametrize("index", [None, "", "a: [", "- a", "a: {b: c}\na: {}"])
def test_an_index_that_cannot_be_had_is_a_warning(tell, plant, index):
    plant({} if index is None else {"data/index.yaml": index})
    told = tell("llama-factory", SMALLEST)
    assert describe(told) == [(None, "data/index.yaml", False, "")]
    [problem] = told.problems
    assert str(problem).startswith("train.yaml:3:16: what the datasets of `train_dataset` are is unknown")


@pytest.mark.parametrize(
    ("lines", "adapter"),
    [
        ("peft_config: {name: lora, r: 8}", "lora"),
        ("peft_config: {name: lora, use_dora: true}", "dora"),
        ("peft_config: {name: freeze}", "freeze"),
        ("peft_config: {name: other}", "other"),
        ("peft_config: null", "full"),
        ("peft_config: {name: lora}\nquant_config: {name: bnb, quantization_bit: 4}", "qlora"),
        ("peft_config: {name: lora}\nquant_config: null", "lora"),
    ],
)
def test_adapters(values, plant, lines, adapter):
    plant({**FILES, "data/index.yaml": "a: {file_name: data/a.json}"})
    assert values("llama-factory", f"{SMALLEST}{lines}\n")["training.adapter"] == adapter


@pytest.mark.parametrize(
    "line",
    ["peft_config: {r: 8}", "peft_config: lora", "peft_config: {name: lora}\nquant_config: 4", "quant_config: [a]"],
)
def test_a_plugin_without_a_name_is_a_warning_and_leaves_the_adapter_open(tell, plant, line):
    plant({**FILES, "data/index.yaml": "a: {file_name: data/a.json}"})
    told = tell("llama-factory", f"{SMALLEST}{line}\n")
    assert "training.adapter" not in {fact.path for fact in told.facts}
    [problem] = told.problems
    assert "is not a mapping with a `name`" in problem.message


@pytest.mark.parametrize(
    ("text", "index", "method", "origin"),
    [
        (SMALLEST, "a: {path: org/a, converter: alpaca}", "sft", "observed"),
        (SMALLEST, "a: {path: org/a, converter: pair}", "dpo", "observed"),
        (SMALLEST.replace("llm", "cls"), "a: {path: org/a, converter: pair}", "reward", "observed"),
        (SMALLEST.replace("data/index.yaml", "org/data"), "a: {}", "sft", "estimated"),
        (SMALLEST.replace("data/index.yaml", "org/dpo-data"), "a: {}", None, None),
    ],
)
def test_methods(tell, plant, text, index, method, origin):
    plant({**FILES, "data/index.yaml": index})
    found = [fact for fact in tell("llama-factory", text).facts if fact.path == "training.method"]
    assert [(fact.value, fact.origin) for fact in found] == ([(method, origin)] if method else [])


def test_evaluation_data_is_the_validation_split(tell, plant):
    plant({**FILES, "data/index.yaml": "a: {file_name: data/a.json}"})
    told = tell("llama-factory", f"{SMALLEST}eval_dataset: data/c.jsonl\n")
    assert [item.split for item in told.datasets] == ["train", "validation"]
    assert {fact.path: fact.value for fact in told.facts}["training.validation"] is True
