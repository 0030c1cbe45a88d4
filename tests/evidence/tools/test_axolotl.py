from __future__ import annotations

import pytest

from policy.evidence.tools.axolotl import AxolotlReader
from policy.evidence.tools.readers import RepositoryContext
from policy.model.fact import ABSENT, Members
from policy.model.facts import Facts
from policy.source.yaml_reader import read_yaml

SMALLEST = "base_model: org/model\ndatasets:\n  - {path: org/data, type: alpaca}\n"


def describe(references):
    return [(item.path, item.name, item.split) for item in references]


def test_the_smallest_config_tells_the_documented_defaults(values):
    assert values("axolotl", SMALLEST) == {
        "approach": "fine-tuning",
        "training.tool": "axolotl",
        "training.config": "train.yaml",
        "model.base": "org/model",
        "model.revision": ABSENT,
        "model.remote_code": False,
        "training.method": "sft",
        "training.adapter": "full",
        "training.seed": 42,
        "training.epochs": 1.0,
        "training.validation": False,
    }


def test_what_is_set_is_told_with_its_place(tell):
    text = SMALLEST + (
        "revision_of_model: 6299b5a\ntrust_remote_code: yes\nadapter: qlora\nseed: 7\nnum_epochs: 2.5\n"
        "val_set_size: 5e-2\n"
    )
    told = tell("axolotl", text, file="conf/train.yaml")
    facts = {fact.path: fact for fact in told.facts}
    assert facts["model.revision"].value == "6299b5a"
    assert facts["model.remote_code"].value is True
    assert facts["training.adapter"].value == "qlora"
    assert facts["training.seed"].value == 7
    assert facts["training.epochs"].value == 2.5
    assert facts["training.validation"].value is True
    assert str(facts["training.seed"].location) == "conf/train.yaml:7:7"
    assert facts["training.seed"].source == "axolotl config"
    assert facts["training.method"].source == "axolotl default"
    assert facts["training.seed"].origin == "observed"
    assert len(facts["training.seed"].digest) == 64


@pytest.mark.parametrize(
    ("lines", "method"),
    [
        ("rl: dpo", "dpo"),
        ("rl: ipo", "dpo"),
        ("rl: kto", "kto"),
        ("rl: orpo", "orpo"),
        ("rl: grpo", "grpo"),
        ("rl: simpo", "other"),
        ("rl: gdpo", "other"),
        ("rl:", "sft"),
        ("reward_model: true", "reward"),
        ("process_reward_model: True", "reward"),
        ("reward_model: false", "sft"),
        ("kd_trainer: true", "distillation"),
    ],
)
def test_methods(values, lines, method):
    assert values("axolotl", f"{SMALLEST}{lines}\n")["training.method"] == method


@pytest.mark.parametrize(
    ("data", "method"),
    [
        ("datasets: [{path: a/b, type: completion}]", "continued-pretraining"),
        ("datasets: [{path: a/b, type: 'completion:field'}, {path: c/d, type: completion}]", "continued-pretraining"),
        ("datasets: [{path: a/b, type: completion}, {path: c/d, type: alpaca}]", "sft"),
        ("datasets: [{path: a/b, type: {field: text}}]", "sft"),
        ("pretraining_dataset: [{path: a/b, type: pretrain}]", "continued-pretraining"),
        ("pretraining_dataset: a/b", "continued-pretraining"),
    ],
)
def test_training_on_plain_text(values, data, method):
    assert values("axolotl", f"base_model: m/m\n{data}\n")["training.method"] == method


@pytest.mark.parametrize(
    ("lines", "adapter"),
    [
        ("adapter: lora", "lora"),
        ("adapter: lora\nload_in_4bit: true", "lora"),
        ("adapter: lora\npeft_use_dora: true", "dora"),
        ("adapter: qlora\nload_in_4bit: true", "qlora"),
        ("adapter: llama-adapter", "other"),
        ("adapter:", "full"),
        ("adapter: ''", "full"),
        ("unfrozen_parameters: [lm_head.weight]", "freeze"),
        ("unfrozen_parameters:", "full"),
    ],
)
def test_adapters(values, lines, adapter):
    assert values("axolotl", f"{SMALLEST}{lines}\n")["training.adapter"] == adapter


@pytest.mark.parametrize(
    ("lines", "validation"),
    [
        ("val_set_size: 0.0", False),
        ("val_set_size: 100", True),
        ("test_datasets: [{path: a/b, split: test}]", True),
        ("test_datasets: []", False),
    ],
)
def test_validation(values, lines, validation):
    assert values("axolotl", f"{SMALLEST}{lines}\n")["training.validation"] is validation


def test_a_number_of_steps_leaves_the_epochs_open(values):
    assert "training.epochs" not in values("axolotl", f"{SMALLEST}num_epochs: 3\nmax_steps: 10\n")
    assert values("axolotl", f"{SMALLEST}num_epochs: 3\nmax_steps: -1\n")["training.epochs"] == 3


@pytest.mark.parametrize("revision", ["main", "Main", "master", "HEAD"])
def test_a_branch_that_moves_is_no_revision(values, revision):
    assert values("axolotl", f"{SMALLEST}revision_of_model: {revision}\n")["model.revision"] is ABSENT


@pytest.mark.parametrize("base", ["./model", "/models/m", "models/m"])
def test_a_folder_has_no_revision(values, plant, base):
    plant({"models/m/config.json": "{}"})
    assert "model.revision" not in values("axolotl", SMALLEST.replace("org/model", base))


@pytest.mark.parametrize(
    "text",
    [
        "base_model: org/model\n",
        "base_model: org/model\ndatasets: []\n",
        "base_model: org/model\ndatasets: [org/data]\nlicense: mit\n",
        "base_model: org/model\ndatasets: [org/data]\ntags: [axolotl]\nlanguage: en\nlibrary_name: peft\n",
        "base_model: org/model\ndatasets: []\nrl: dpo\n",
        "base_model:\ndatasets: [{path: a}]\n",
        "base_model: [a]\ndatasets: [{path: a}]\n",
        "base_model: org/model\nmerge_method: slerp\nmodels: [{model: a}]\n",
        "model: {base_model: a}\ndatasets: [{path: a}]\n",
        "- base_model\n",
    ],
)
def test_what_trains_nothing_is_not_recognised(tell, text):
    assert tell("axolotl", text) is None


@pytest.mark.parametrize("line", ["rl: dpo", "adapter: lora", "num_epochs: 3", "output_dir: o", "learning_rate: 1e-4"])
def test_datasets_can_be_plain_names(tell, line):
    told = tell("axolotl", f"base_model: org/model\ndatasets: [a/b, c/d]\n{line}\n")
    assert told.problems == ()
    assert [(item.name, item.split, item.resolved) for item in told.datasets] == [
        ("a/b", "train", True),
        ("c/d", "train", True),
    ]


def test_a_file_of_the_repository_is_found_from_the_root_and_from_the_configs_folder(tell, plant):
    plant({"data/a.jsonl": "{}", "team/train/b.jsonl": "{}", "team/c.jsonl": "{}"})
    text = "base_model: m/m\ndatasets: [{path: data/a.jsonl}, {path: ./b.jsonl}, {path: c.jsonl}]\n"
    told = tell("axolotl", text, file="team/train/x.yaml", base="team")
    assert describe(told.datasets) == [
        ("data/a.jsonl", None, "train"),
        ("team/train/b.jsonl", None, "train"),
        ("team/c.jsonl", None, "train"),
    ]
    facts = {fact.path: fact.value for fact in told.facts}
    assert facts["training.config"] == "train/x.yaml"
    sources = [member["path"].value for member in facts["data.sources"].items]
    assert sources == ["../data/a.jsonl", "train/b.jsonl", "c.jsonl"]
    assert facts["data.sources"].complete


def test_data_files_of_a_format_or_a_folder_are_files(tell, plant):
    plant({"data/a.jsonl": "{}", "data/b.jsonl": "{}"})
    text = (
        "base_model: m/m\n"
        "datasets: [{path: json, data_files: data/a.jsonl}, {path: data, data_files: [b.jsonl]}]\n"
        "test_datasets: [{path: json, data_files: [data/c.jsonl], split: train}]\n"
    )
    assert describe(tell("axolotl", text).datasets) == [
        ("data/a.jsonl", None, "train"),
        ("data/b.jsonl", None, "train"),
        ("data/c.jsonl", None, "validation"),
    ]


def test_what_is_elsewhere_has_a_name(tell, plant):
    plant({"data/a.jsonl": "{}"})
    text = (
        "base_model: m/m\ndatasets: [{path: org/data, data_files: [x.json]}, {path: s3://bucket/x.jsonl}, "
        "{path: /data/x.jsonl}, {path: ../x.jsonl}, {path: data}, {path: json, data_files: 'data/*.jsonl'}]\n"
    )
    found = tell("axolotl", text).datasets
    assert describe(found) == [
        (None, "org/data", "train"),
        (None, "s3://bucket/x.jsonl", "train"),
        (None, "/data/x.jsonl", "train"),
        (None, "../x.jsonl", "train"),
        (None, "data", "train"),
        (None, "data/*.jsonl", "train"),
    ]
    assert [item.resolved for item in found] == [True, True, True, True, False, False]


def test_a_part_of_a_dataset_is_told(tell):
    text = "base_model: m/m\ndatasets: [{path: a/b, split: 'train[:20%]'}, {path: c/d, shards: 10}, {path: e/f}]\n"
    assert [item.portion for item in tell("axolotl", text).datasets] == ["train[:20%]", "1 of 10 shards", ""]


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("num_epochs: [1]", "training.epochs", "train.yaml:4:13: `num_epochs` is a list or a mapping"),
        ("num_epochs: many", "training.epochs", "train.yaml:4:13: `num_epochs` is `many` where a number is needed"),
        ("max_steps: {a: 1}", "training.epochs", "train.yaml:4:12: `max_steps` is a list or a mapping"),
        ("seed: x", "training.seed", "train.yaml:4:7: `seed` is `x` where a whole number is needed"),
        ("rl: [dpo]", "training.method", "train.yaml:4:5: `rl` is a list or a mapping where text is needed"),
        ("adapter: {a: b}", "training.adapter", "train.yaml:4:10: `adapter`"),
        ("val_set_size: .nan", "training.validation", "train.yaml:4:15: `val_set_size` is `.nan`"),
        ("trust_remote_code: maybe", "model.remote_code", "train.yaml:4:20: `trust_remote_code` is `maybe`"),
        ("reward_model: [a]", "training.method", "train.yaml:4:15: `reward_model` is a list or a mapping"),
        ("adapter: lora\npeft_use_dora: maybe", "training.adapter", "train.yaml:5:16: `peft_use_dora` is `maybe`"),
        ("test_datasets: 5", "training.validation", "train.yaml:4:16: an item of `test_datasets` is not a mapping"),
        ("revision_of_model: [a]", "model.revision", "train.yaml:4:20: `revision_of_model`"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_warning_and_no_fact(tell, line, path, message):
    told = tell("axolotl", f"{SMALLEST}{line}\n")
    assert path not in {fact.path for fact in told.facts}
    [problem] = told.problems
    assert problem.level == "warning"
    assert problem.remedy
    assert str(problem).startswith(message)


def test_a_dataset_of_the_wrong_shape_leaves_the_list_open(tell):
    told = tell(
        "axolotl",
        "base_model: m/m\ndatasets: [5, {type: x}, {path: [a]}, {path: json, data_files: {a: b}}, {path: a/b}]\n",
    )
    sources = next(fact.value for fact in told.facts if fact.path == "data.sources")
    assert len(told.problems) == 4
    assert [member["name"].value for member in sources.items] == ["a/b"]
    assert not sources.complete


def test_one_dataset_named_twice_is_one_member(tell):
    told = tell("axolotl", "base_model: m/m\ndatasets: [{path: a/b}, {path: a/b}]\n")
    sources = next(fact.value for fact in told.facts if fact.path == "data.sources")
    assert isinstance(sources, Members)
    assert len(sources.items) == 1


def test_the_facts_fit_the_schema(tell):
    told = tell("axolotl", SMALLEST)
    facts = Facts(told.facts)
    assert set(facts.values) >= {fact.path for fact in told.facts}


def test_a_document_without_keys_tells_nothing():
    told = AxolotlReader().read(read_yaml(b"- base_model", "a.yaml"), RepositoryContext("."))
    assert told.facts == ()
