from __future__ import annotations

import json

import pytest

from policy.model.fact import ABSENT
from policy.model.facts import Facts

SMALLEST = "model_name_or_path: org/model\nstage: sft\ndo_train: true\nfinetuning_type: lora\ndataset: a\n"
INDEX = {
    "a": {"file_name": "a.json"},
    "b": {"file_name": "sub/b.jsonl", "num_samples": 10},
    "hub": {"hf_hub_url": "org/hub", "ms_hub_url": "other/hub", "file_name": "a.json"},
    "scope": {"ms_hub_url": "org/scope"},
    "script": {"script_url": "org/script"},
    "missing": {"file_name": "missing.json"},
    "folder": {"file_name": "sub"},
    "outside": {"file_name": "../../secret.json"},
    "number": {"file_name": 5},
    "slice": {"file_name": "a.json", "split": "train[:10]"},
    "text": "a.json",
}
FILES = {"data/dataset_info.json": json.dumps(INDEX), "data/a.json": "[]", "data/sub/b.jsonl": ""}


def describe(told):
    return [(item.path, item.name, item.split, item.resolved) for item in told.datasets]


def test_the_smallest_config_tells_the_documented_defaults(values, plant):
    plant(FILES)
    assert values("llama-factory", SMALLEST) == {
        "approach": "fine-tuning",
        "training.tool": "llama-factory",
        "training.config": "train.yaml",
        "model.base": "org/model",
        "model.revision": ABSENT,
        "model.remote_code": False,
        "training.method": "sft",
        "training.adapter": "lora",
        "training.seed": 42,
        "training.epochs": 3.0,
        "training.validation": False,
    }


def test_stage_and_type_have_defaults(values, plant):
    plant(FILES)
    told = values("llama-factory", "model_name_or_path: m\ndo_train: True\ntemplate: qwen\ndataset: a\n")
    assert (told["training.method"], told["training.adapter"]) == ("sft", "lora")


def test_what_is_set_is_told(values, plant):
    plant(FILES)
    lines = "trust_remote_code: true\nseed: 1234\nnum_train_epochs: 1.0e+0\nval_size: 0.1\nmodel_revision: 6299b5a\n"
    told = values("llama-factory", SMALLEST + lines)
    assert told["model.remote_code"] is True
    assert told["training.seed"] == 1234
    assert told["training.epochs"] == 1.0
    assert told["training.validation"] is True
    assert told["model.revision"] == "6299b5a"


@pytest.mark.parametrize(
    ("stage", "method"),
    [
        ("pt", "continued-pretraining"),
        ("sft", "sft"),
        ("rm", "reward"),
        ("ppo", "ppo"),
        ("dpo", "dpo"),
        ("dpo\npref_loss: sigmoid", "dpo"),
        ("dpo\npref_loss: orpo", "orpo"),
        ("dpo\npref_loss: simpo", "other"),
        ("sft\npref_loss: orpo", "sft"),
        ("kto", "kto"),
        ("grpo", "other"),
    ],
)
def test_methods(values, plant, stage, method):
    plant(FILES)
    assert values("llama-factory", SMALLEST.replace("stage: sft", f"stage: {stage}"))["training.method"] == method


@pytest.mark.parametrize(
    ("base", "lines", "adapter"),
    [
        ("org/model", "lora", "lora"),
        ("org/model", "full", "full"),
        ("org/model", "freeze", "freeze"),
        ("org/model", "oft", "oft"),
        ("org/model", "galore", "other"),
        ("org/model", "lora\nquantization_bit: 4", "qlora"),
        ("org/model", "lora\nquantization_bit: null", "lora"),
        ("org/model", "oft\nquantization_bit: 4", "oft"),
        ("org/model", "lora\nuse_dora: true", "dora"),
        ("org/Model-GPTQ", "lora", "qlora"),
        ("org/Model-AWQ", "lora", "qlora"),
        ("org/Model-AQLM-2Bit-1x16", "lora", "qlora"),
        ("models/model_gptq.v2", "lora", "qlora"),
        ("unsloth/model-bnb-4bit", "lora", "qlora"),
        ("org/gptqish", "lora", "lora"),
        ("org/Model-GPTQ", "oft", "oft"),
    ],
)
def test_adapters(values, plant, base, lines, adapter):
    plant(FILES)
    text = SMALLEST.replace("org/model", base).replace("finetuning_type: lora", f"finetuning_type: {lines}")
    assert values("llama-factory", text)["training.adapter"] == adapter


@pytest.mark.parametrize("dataset", ["x", "[x, y]"])
def test_a_config_that_leaves_stage_and_type_to_the_tool_is_recognised(tell, dataset):
    told = tell("llama-factory", f"model_name_or_path: a/b\ndo_train: true\ndataset: {dataset}\noutput_dir: o\n")
    facts = {fact.path: fact.value for fact in told.facts}
    assert (facts["training.method"], facts["training.adapter"]) == ("sft", "lora")
    assert [item.name for item in told.datasets] == ["x", "y"][: len(told.datasets)]


@pytest.mark.parametrize(
    "text",
    [
        "model_name_or_path: m\ntemplate: qwen\ninfer_backend: vllm\n",
        "model_name_or_path: m\nadapter_name_or_path: a\nfinetuning_type: lora\nexport_dir: out\n",
        "model_name_or_path: m\nstage: sft\ndo_predict: true\nfinetuning_type: lora\neval_dataset: a\n",
        "model_name_or_path: m\nstage: sft\ndo_train: false\ndataset: a\n",
        "model_name_or_path: m\ndo_train: true\ndataset_name: a\nlearning_rate: 1e-5\n",
        "model_name_or_path: m\ndo_train: true\ndataset_mixer: {a: 1.0}\noutput_dir: o\n",
        "model_name_or_path: m\ndo_train: true\ndataset: {name: a}\n",
        "model_name_or_path: m\ndataset: a\noutput_dir: o\n",
        "model_name_or_path: m\ndataset_mixer: {a: 1.0}\nlearning_rate: 1e-5\nnum_train_epochs: 1\n",
        "stage: sft\ndo_train: true\n",
        "compute_environment: LOCAL_MACHINE\ndistributed_type: FSDP\n",
        "model: m\npeft_config: {name: lora, export_dir: out}\n",
        "model: m\ntrain_dataset: data.csv\nepochs: 5\n",
    ],
)
def test_what_trains_nothing_is_not_recognised(tell, text):
    assert tell("llama-factory", text) is None


def test_names_are_looked_up_in_the_index(tell, plant):
    plant(FILES)
    told = tell("llama-factory", SMALLEST.replace("dataset: a", "dataset: a, hub,scope,script,b"))
    assert describe(told) == [
        ("data/a.json", None, "train", True),
        (None, "org/hub", "train", True),
        (None, "org/scope", "train", True),
        (None, "org/script", "train", True),
        ("data/sub/b.jsonl", None, "train", True),
    ]
    assert told.datasets[4].portion == "num_samples: 10"
    assert next(fact.value for fact in told.facts if fact.path == "data.sources").complete


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing", ("data/missing.json", None, "train", True)),
        ("folder", (None, "data/sub", "train", False)),
        ("outside", (None, "../secret.json", "train", False)),
        ("number", (None, "number", "train", False)),
    ],
)
def test_odd_entries(tell, plant, name, expected):
    plant(FILES)
    assert describe(tell("llama-factory", SMALLEST.replace("dataset: a", f"dataset: {name}"))) == [expected]


def test_a_slice_and_a_limit_are_told(tell, plant):
    plant(FILES)
    [found] = tell("llama-factory", SMALLEST.replace("dataset: a", "dataset: slice\nmax_samples: 100")).datasets
    assert (found.portion, found.limit) == ("train[:10]", 100)


@pytest.mark.parametrize("name", ["unheard", "text"])
def test_a_name_that_the_index_lacks_is_a_warning(tell, plant, name):
    plant(FILES)
    told = tell("llama-factory", SMALLEST.replace("dataset: a", f"dataset: {name}"))
    assert describe(told) == [(None, name, "train", False)]
    [problem] = told.problems
    assert str(problem).startswith(f"train.yaml:5:10: the dataset `{name}` is not in `data/dataset_info.json`")


def test_evaluation_data_is_the_validation_split(tell, plant):
    plant(FILES)
    told = tell("llama-factory", f"{SMALLEST}eval_dataset: [b]\n")
    assert describe(told)[1] == ("data/sub/b.jsonl", None, "validation", True)
    assert {fact.path: fact.value for fact in told.facts}["training.validation"] is True


@pytest.mark.parametrize("folder", ["", "dataset_dir: corpus\n", "dataset_dir: /corpus\n"])
def test_a_missing_index_is_one_warning(tell, folder):
    told = tell("llama-factory", SMALLEST.replace("dataset: a", "dataset: a,b") + folder)
    assert describe(told) == [(None, "a", "train", False), (None, "b", "train", False)]
    [problem] = told.problems
    assert "dataset_info.json` is missing or cannot be read" in problem.message
    assert problem.level == "warning"


@pytest.mark.parametrize("index", ["", "[]", "{", '{"a": ', "\xff", "[" * 100_000, '{"a": {"file_name": "\\ud800"}}'])
def test_a_broken_index_is_one_warning(tell, plant, index):
    plant({**FILES, "data/dataset_info.json": index.encode("latin-1")})
    told = tell("llama-factory", SMALLEST)
    assert len(told.problems) == 1
    assert not told.datasets[0].resolved


@pytest.mark.parametrize(("folder", "resolved"), [("ONLINE", True), ("REMOTE:org/data", False)])
def test_an_index_elsewhere_is_no_warning(tell, folder, resolved):
    told = tell("llama-factory", f"{SMALLEST}dataset_dir: {folder}\n")
    assert told.problems == ()
    assert describe(told) == [(None, "a", "train", resolved)]


def test_the_index_is_found_near_the_config(tell, plant):
    plant({f"team/{name}": content for name, content in FILES.items()})
    told = tell("llama-factory", SMALLEST, file="team/examples/train/x.yaml", base="team")
    assert describe(told) == [("team/data/a.json", None, "train", True)]
    facts = {fact.path: fact.value for fact in told.facts}
    assert facts["data.sources"].items[0]["path"].value == "data/a.json"
    assert facts["training.config"] == "examples/train/x.yaml"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("num_train_epochs: [1]", "training.epochs"),
        ("max_steps: x", "training.epochs"),
        ("quantization_bit: four", "training.adapter"),
        ("use_dora: maybe", "training.adapter"),
        ("pref_loss: [orpo]\nstage: dpo", "training.method"),
        ("val_size: {a: 1}", "training.validation"),
        ("seed: 1.5", "training.seed"),
        ("eval_dataset: {a: b}", "training.validation"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_warning_and_no_fact(tell, plant, line, path):
    plant(FILES)
    told = tell(
        "llama-factory", f"{SMALLEST}{line}\n" if "stage" not in line else SMALLEST.replace("stage: sft\n", "") + line
    )
    assert path not in {fact.path for fact in told.facts}
    assert {problem.location.line for problem in told.problems} <= {5, 6}
    assert told.problems
    assert all(problem.level == "warning" for problem in told.problems)


@pytest.mark.parametrize("lines", ["dataset: [[a]]", "dataset_dir: [a]\ndataset: a", "dataset: a\nmax_samples: x"])
def test_data_that_cannot_be_made_out_is_never_taken_as_known(tell, plant, lines):
    plant(FILES)
    [found] = tell("llama-factory", SMALLEST.replace("dataset: a", lines)).datasets
    assert not found.resolved or found.portion


def test_a_negative_limit_is_a_warning_and_leaves_the_rows_open(tell, plant):
    plant(FILES)
    told = tell("llama-factory", f"{SMALLEST}max_samples: -5\n")
    [problem] = told.problems
    assert problem.level == "warning"
    assert str(problem).startswith("train.yaml:6:14: `max_samples` is -5, and no number of examples is negative")
    [found] = told.datasets
    assert (found.limit, found.portion) == (None, "max_samples: -5")


def test_a_limit_of_zero_leaves_nothing(tell, plant):
    plant(FILES)
    told = tell("llama-factory", f"{SMALLEST}max_samples: 0\n")
    assert told.problems == ()
    assert [(item.limit, item.portion) for item in told.datasets] == [(0, "")]


@pytest.mark.parametrize("joined", [",".join(["a"] * 20_000), f"[{','.join(['a'] * 20_000)}]"])
def test_a_name_that_is_repeated_is_one_dataset(tell, plant, joined):
    plant(FILES)
    [found] = tell("llama-factory", SMALLEST.replace("dataset: a", f"dataset: {joined}")).datasets
    assert found.path == "data/a.json"


def test_the_facts_fit_the_schema(tell, plant):
    plant(FILES)
    told = tell("llama-factory", SMALLEST)
    assert set(Facts(told.facts).values) >= {fact.path for fact in told.facts}
