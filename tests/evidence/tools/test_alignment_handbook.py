from __future__ import annotations

import pytest

from policy.model.fact import ABSENT

MIXTURE = """\
model_name_or_path: org/base-7b
model_revision: main
dataset_mixture:
  datasets:
    - {id: org/chats, config: default, split: train_sft, weight: 1.0}
    - {id: org/tickets, split: 'train[:50%]', weight: 0.25}
  test_split_size: 1000
  seed: 0
eval_strategy: epoch
learning_rate: 2.0e-05
max_seq_length: 2048
num_train_epochs: 1
seed: 11
"""
MIXER = """\
model_name_or_path: org/base-7b-sft
use_peft: true
load_in_4bit: true
dataset_mixer:
  org/pairs: 1.0
  org/more-pairs: 0.5
dataset_splits: [train_prefs, test_prefs]
beta: 0.01
do_eval: true
learning_rate: 5.0e-6
hub_model_id: base-7b-dpo-qlora
"""


def describe(told):
    return [(item.name, item.split, item.portion, item.location.line) for item in told.datasets]


def test_a_mixture_is_read_as_trl_would(values):
    assert values("alignment-handbook", MIXTURE) == {
        "approach": "fine-tuning",
        "training.tool": "alignment-handbook",
        "training.config": "train.yaml",
        "model.base": "org/base-7b",
        "model.revision": ABSENT,
        "model.remote_code": False,
        "training.method": "sft",
        "training.adapter": "full",
        "training.seed": 11,
        "training.epochs": 1.0,
        "training.validation": True,
    }


def test_a_mixer_is_the_older_way(values):
    told = values("alignment-handbook", MIXER)
    assert (told["training.method"], told["training.adapter"]) == ("dpo", "qlora")
    assert told["training.validation"] is True


def test_shares_are_parts_of_datasets(tell):
    assert describe(tell("alignment-handbook", MIXTURE)) == [
        ("org/chats", "train", "", 5),
        ("org/tickets", "train", "train[:50%] 0.25 of the rows", 6),
    ]
    assert describe(tell("alignment-handbook", MIXER)) == [
        ("org/pairs", "train", "", 5),
        ("org/more-pairs", "train", "0.5 of the rows", 6),
    ]


@pytest.mark.parametrize("item", ["plain", "[a]", "{split: train}", "{id: [a]}"])
def test_an_odd_item_is_a_warning_and_leaves_the_data_open(tell, item):
    told = tell("alignment-handbook", MIXTURE.replace("    - {id: org/chats", f"    - {item}\n    - {{id: org/chats"))
    assert [problem.level for problem in told.problems] == ["warning"]
    assert not told.datasets[0].resolved
    assert not next(fact.value for fact in told.facts if fact.path == "data.sources").complete


@pytest.mark.parametrize(
    ("lines", "tool"),
    [
        ("dataset_name: org/data\nchat_template: x", "alignment-handbook"),
        ("dataset_name: org/data", "trl"),
        ("dataset_name: org/data\nchat_template: x\nreward_funcs: [accuracy]", "trl"),
        ("dataset_mixer: {a/b: 1.0}", "alignment-handbook"),
        ("dataset_mixer: {}\ndataset_name: org/data", "trl"),
    ],
)
def test_a_config_is_the_handbooks_or_trls_and_never_both(tell, lines, tool):
    text = f"model_name_or_path: org/model\nlearning_rate: 1e-5\n{lines}\n"
    knowing = [name for name in ("alignment-handbook", "trl", "llama-factory", "axolotl") if tell(name, text)]
    assert knowing == [tool]


@pytest.mark.parametrize(
    "text",
    ["dataset_mixer: {a/b: 1.0}\nlearning_rate: 1\n", "compute_environment: LOCAL_MACHINE\nnum_processes: 8\n", "[]"],
)
def test_what_trains_nothing_is_not_recognised(tell, text):
    assert tell("alignment-handbook", text) is None
