from __future__ import annotations

import pytest

from policy.evidence.tools.readers import RepositoryContext
from policy.evidence.tools.trl import TrlReader
from policy.model.fact import ABSENT
from policy.model.facts import Facts
from policy.source.yaml_reader import read_yaml

SMALLEST = "model_name_or_path: org/model\ndataset_name: org/data\nlearning_rate: 1.0e-4\n"


def describe(told):
    return [(item.path, item.name, item.split, item.resolved, item.portion) for item in told.datasets]


def find_method(told):
    return next(((fact.value, fact.origin) for fact in told.facts if fact.path == "training.method"), None)


def test_the_smallest_config_tells_the_documented_defaults(values):
    assert values("trl", SMALLEST) == {
        "approach": "fine-tuning",
        "training.tool": "trl",
        "training.config": "train.yaml",
        "model.base": "org/model",
        "model.revision": ABSENT,
        "model.remote_code": False,
        "training.adapter": "full",
        "training.seed": 42,
        "training.epochs": 3.0,
        "training.validation": False,
    }


def test_what_is_set_is_told_with_its_place(tell):
    text = SMALLEST + (
        "model_revision: 6299b5a\ntrust_remote_code: true\nuse_peft: true\nseed: 7\nnum_train_epochs: 2\n"
        "eval_strategy: steps\npacking: true\n"
    )
    told = tell("trl", text, file="conf/train.yaml")
    facts = {fact.path: fact for fact in told.facts}
    assert facts["model.revision"].value == "6299b5a"
    assert facts["model.remote_code"].value is True
    assert facts["training.adapter"].value == "lora"
    assert (facts["training.seed"].value, str(facts["training.seed"].location)) == (7, "conf/train.yaml:7:7")
    assert facts["training.epochs"].value == 2.0
    assert facts["training.validation"].value is True
    assert (facts["training.method"].value, facts["training.method"].location.line) == ("sft", 10)
    assert set(Facts(told.facts).values) >= set(facts)


@pytest.mark.parametrize(
    ("lines", "method"),
    [
        ("loss_type: sigmoid", "dpo"),
        ("loss_type: apo_zero", "dpo"),
        ("loss_type: [sigmoid, sft]", "dpo"),
        ("loss_type: [sft, sigmoid]", "dpo"),
        ("loss_type: kto", "kto"),
        ("loss_type: dr_grpo", "grpo"),
        ("loss_type: nll", "sft"),
        ("loss_type: simpo", "other"),
        ("loss_type: sigmoid\ncpo_alpha: 1.0", "other"),
        ("desirable_weight: 1.0\nbeta: 0.1", "kto"),
        ("center_rewards_coefficient: 0.01", "reward"),
        ("teacher_model_name_or_path: org/large", "distillation"),
        ("num_ppo_epochs: 4", "ppo"),
        ("num_generations: 8\nnormalize_advantages: true", "other"),
        ("scale_rewards: group", "grpo"),
        ("f_divergence_type: js_divergence", "dpo"),
        ("max_seq_length: 2048", "sft"),
        ("packing: false", "sft"),
        ("assistant_only_loss: true", "sft"),
    ],
)
def test_losses_and_keys_of_one_trainer_tell_the_method(tell, lines, method):
    assert find_method(tell("trl", f"{SMALLEST}{lines}\n")) == (method, "observed")


@pytest.mark.parametrize(
    ("lines", "method"),
    [
        ("beta: 0.1\nhub_model_id: org/model-7b-orpo", "orpo"),
        ("beta: 0.1\nrun_name: model-sft-DPO", "dpo"),
        ("output_dir: out/kto_run", "kto"),
        ("output_dir: out/model-sft", "sft"),
        ("max_seq_length: 100\noutput_dir: out/model-cpt", "continued-pretraining"),
        ("num_generations: 8", "grpo"),
        ("loss_type: unheard\noutput_dir: out/orpo", "orpo"),
    ],
)
def test_names_of_the_result_are_an_estimate(tell, lines, method):
    assert find_method(tell("trl", f"{SMALLEST}{lines}\n")) == (method, "estimated")


@pytest.mark.parametrize("lines", ["beta: 0.1", "output_dir: out", "packing:", "output_dir: lightning-sfter"])
def test_what_several_trainers_share_tells_no_method(tell, lines):
    assert find_method(tell("trl", f"{SMALLEST}{lines}\n")) is None


@pytest.mark.parametrize(
    ("base", "lines", "adapter"),
    [
        ("org/model", "use_peft: true", "lora"),
        ("org/model", "use_peft: false\nlora_r: 8", "full"),
        ("org/model", "lora_r: 8", "full"),
        ("org/model", "use_peft: true\nload_in_4bit: true", "qlora"),
        ("org/model", "use_peft: true\nload_in_8bit: true", "qlora"),
        ("org/Model-GPTQ", "use_peft: true", "qlora"),
        ("org/model", "use_peft: true\nuse_dora: true", "dora"),
    ],
)
def test_adapters(values, base, lines, adapter):
    assert values("trl", f"{SMALLEST.replace('org/model', base)}{lines}\n")["training.adapter"] == adapter


@pytest.mark.parametrize(
    ("lines", "validation"),
    [
        ("eval_strategy: epoch", True),
        ("evaluation_strategy: steps", True),
        ("eval_strategy: no", False),
        ("eval_strategy: 'no'", False),
        ("eval_strategy: no\ndo_eval: true", True),
        ("do_eval: false", False),
    ],
)
def test_validation(values, lines, validation):
    assert values("trl", f"{SMALLEST}{lines}\n")["training.validation"] is validation


def test_a_number_of_steps_leaves_the_epochs_open(values):
    assert "training.epochs" not in values("trl", f"{SMALLEST}max_steps: 10\n")
    assert values("trl", f"{SMALLEST}max_steps: -1\nnum_train_epochs: 2\n")["training.epochs"] == 2


def test_the_head_of_a_branch_is_no_revision(values):
    assert values("trl", f"{SMALLEST}model_revision: main\n")["model.revision"] is ABSENT


def test_data_is_a_name_a_file_or_a_list(tell, plant):
    plant({"data/a.jsonl": "{}"})
    assert describe(tell("trl", SMALLEST)) == [(None, "org/data", "train", True, "")]
    one = SMALLEST.replace("org/data", "data/a.jsonl") + "dataset_train_split: train[:10%]\n"
    assert describe(tell("trl", one)) == [("data/a.jsonl", None, "train", True, "train[:10%]")]
    several = SMALLEST.replace("dataset_name: org/data", "datasets:\n- {path: a/b}\n- {path: json, data_files: x.json}")
    assert describe(tell("trl", f"{several}")) == [
        (None, "a/b", "train", True, ""),
        ("x.json", None, "train", True, ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "model_name_or_path: org/model\ndataset_name: org/data\n",
        "model_name_or_path: org/model\ndataset_name: org/data\nruns: [{nodes: 2}]\n",
        "model_name_or_path: org/model\nlearning_rate: 1.0e-4\n",
        "dataset_name: org/data\nlearning_rate: 1.0e-4\n",
        f"{SMALLEST}do_train: false\n",
        f"{SMALLEST}do_train: true\n",
        f"{SMALLEST}stage: sft\n",
        f"{SMALLEST}base_model: a/b\n",
        f"{SMALLEST}do_train: true\ndataset_config_name: plain\nmax_seq_length: 128\n",
        "model_name_or_path: org/model\nmodel_args: {dataset_name: org/data}\nlearning_rate: 1\n",
    ],
)
def test_what_trains_nothing_or_is_anothers_is_not_recognised(tell, text):
    assert tell("trl", text) is None


def test_what_needs_do_train_elsewhere_may_have_it_here(tell):
    assert tell("trl", f"{SMALLEST}do_train: true\nuse_peft: true\n") is not None


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("seed: x", "training.seed", "train.yaml:4:7: `seed` is `x` where a whole number is needed"),
        ("use_peft: maybe", "training.adapter", "train.yaml:4:11: `use_peft` is `maybe`"),
        ("loss_type: {a: b}", "training.method", "train.yaml:4:12: `loss_type` needs names"),
        ("eval_strategy: [a]", "training.validation", "train.yaml:4:16: `eval_strategy` is a list"),
        ("max_steps: many", "training.epochs", "train.yaml:4:12: `max_steps` is `many`"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_warning_and_no_fact(tell, line, path, message):
    told = tell("trl", f"{SMALLEST}{line}\n")
    assert path not in {fact.path for fact in told.facts}
    [problem] = told.problems
    assert (problem.level, bool(problem.remedy)) == ("warning", True)
    assert str(problem).startswith(message)


def test_a_document_without_keys_tells_nothing():
    assert TrlReader().read(read_yaml(b"- a", "a.yaml"), RepositoryContext(".")).facts == ()
