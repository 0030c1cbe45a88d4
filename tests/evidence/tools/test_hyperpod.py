from __future__ import annotations

import pytest

from policy.model.fact import ABSENT
from policy.model.facts import Facts

LLMFT = """\
run: {name: tickets, model_type: llm_finetuning_aws}
trainer: {devices: 8, num_nodes: 1}
training_config:
  datasets:
    train_data: {file_path: '', name: '', limit: null}
    val_data: {file_path: '', name: '', limit: null}
    train_val_split_ratio: 0.9
  model_config:
    model_name_or_path: org/model-8b
    peft_config: {peft_type: lora, r: 16, use_dora: false}
  training_args:
    max_epochs: 3
    pretrain_mode: false
    seed: 42
    trainer_type: dpo
"""
VERL = """\
run: {name: tickets, model_type: verl}
training_config:
  actor_rollout_ref:
    actor: {data_loader_seed: 9}
    model: {path: org/model-4b, lora_rank: 32, trust_remote_code: false}
  algorithm: {adv_estimator: grpo}
  critic: {model: {path: org/critic}}
  data: {seed: null, train_files: s3://bucket/train.parquet, val_files: null, train_val_split_ratio: 0.9}
  trainer: {total_epochs: 2, total_training_steps: null}
"""
NOVA = """\
run:
  name: tickets
  model_type: "amazon.nova-lite-v1:0:300k"
  model_name_or_path: nova-lite/prod
  data_s3_path: s3://bucket/train.jsonl
training_config:
  trainer: {max_epochs: 2}
  model:
    optim: {lr: 1e-5}
    peft: {peft_scheme: lora}
"""
MTRL = """\
run: {name: agent, model_type: mtrl}
model: {model_name: org/model-27b, lora_rank: 32}
rl: {loss_fn: ppo, advantage_method: group_based}
schedule: {epochs: 1, max_steps: 100, val_every: 10}
"""
NEMO = """\
run: {name: llama, model_type: hf}
trainer: {max_steps: 50}
model:
  do_finetune: true
  hf_model_name_or_path: org/model-8b
  seed: 12
  peft: {peft_type: lora}
  data: {train_dir: s3://bucket/train, val_dir: s3://bucket/val}
"""


def describe(told):
    return [(item.path, item.name, item.split) for item in told.datasets]


def test_a_recipe_of_the_fine_tuning_library(values):
    assert values("hyperpod", LLMFT) == {
        "approach": "fine-tuning",
        "training.tool": "hyperpod",
        "training.config": "train.yaml",
        "model.base": "org/model-8b",
        "model.revision": ABSENT,
        "training.method": "dpo",
        "training.adapter": "lora",
        "training.seed": 42,
        "training.epochs": 3.0,
        "training.validation": True,
    }


@pytest.mark.parametrize(
    ("before", "after", "path", "value"),
    [
        ("trainer_type: dpo", "trainer_type: sft", "training.method", "sft"),
        ("trainer_type: dpo", "trainer_type: new", "training.method", "other"),
        ("pretrain_mode: false", "pretrain_mode: true", "training.method", "continued-pretraining"),
        ("{peft_type: lora, r: 16, use_dora: false}", "null", "training.adapter", "full"),
        ("use_dora: false", "use_dora: true", "training.adapter", "dora"),
        ("peft_type: lora", "peft_type: qlora_4bit", "training.adapter", "qlora"),
        ("peft_type: lora", "peft_type: prefix", "training.adapter", "other"),
        ("ratio: 0.9", "ratio: 1.0", "training.validation", False),
    ],
)
def test_what_differs_between_recipes_of_the_library(values, before, after, path, value):
    assert values("hyperpod", LLMFT.replace(before, after))[path] == value


def test_data_is_a_file_or_a_name(tell, plant):
    plant({"data/a.jsonl": "{}"})
    text = LLMFT.replace("train_data: {file_path: ''", "train_data: {file_path: data/a.jsonl")
    told = tell("hyperpod", text.replace("val_data: {file_path: '', name: ''", "val_data: {file_path: '', name: org/v"))
    assert describe(told) == [("data/a.jsonl", None, "train"), (None, "org/v", "validation")]
    assert describe(tell("hyperpod", LLMFT)) == []


def test_a_recipe_for_verl_is_read_from_the_actor(tell):
    told = tell("hyperpod", VERL, file="a.yaml")
    facts = {fact.path: fact for fact in told.facts}
    values = {path: fact.value for path, fact in facts.items()}
    assert (values["model.base"], values["model.remote_code"]) == ("org/model-4b", False)
    assert (values["training.method"], values["training.adapter"]) == ("grpo", "lora")
    assert (values["training.epochs"], values["training.validation"]) == (2.0, True)
    assert str(facts["training.method"].location) == "a.yaml:6:30"
    assert describe(told) == [(None, "s3://bucket/train.parquet", "train")]
    assert set(Facts(told.facts).values) >= set(facts)


@pytest.mark.parametrize(
    ("before", "after", "path", "value"),
    [
        ("adv_estimator: grpo", "adv_estimator: gae", "training.method", "ppo"),
        ("adv_estimator: grpo", "adv_estimator: rloo", "training.method", "other"),
        ("algorithm: {adv_estimator: grpo}", "algorithm: {}", "training.method", None),
        ("lora_rank: 32", "lora_rank: 0", "training.adapter", "full"),
        ("seed: null", "seed: 5", "training.seed", 5),
        ("total_training_steps: null", "total_training_steps: 10", "training.epochs", None),
        ("trust_remote_code: false", "trust_remote_code: '${oc.select:a.b,true}'", "model.remote_code", True),
        ("path: org/model-4b", "path: '${oc.select:recipes.run.name}'", "model.base", "tickets"),
        ("path: org/model-4b", "path: '${base}'", "model.base", None),
    ],
)
def test_what_differs_between_recipes_for_verl(values, before, after, path, value):
    assert values("hyperpod", VERL.replace(before, after)).get(path) == value


@pytest.mark.parametrize(("data", "method"), [("messages_key: messages", "sft"), ("chosen_key: chosen", "dpo")])
def test_verl_without_rewards_tells_by_its_data(values, data, method):
    sections = f"{{model: {{path: a/b}}, data: {{{data}}}, engine: {{seed: 3}}}}"
    text = f"run: {{model_type: verl}}\ntraining_config: {sections}\n"
    told = values("hyperpod", text)
    assert (told["training.method"], told["training.adapter"], told["training.seed"]) == (method, "full", 3)


def test_a_recipe_for_nova(values, tell):
    assert values("hyperpod", NOVA) == {
        "approach": "fine-tuning",
        "training.tool": "hyperpod",
        "training.config": "train.yaml",
        "model.base": "nova-lite/prod",
        "training.method": "sft",
        "training.adapter": "lora",
        "training.epochs": 2.0,
    }
    assert describe(tell("hyperpod", NOVA)) == [(None, "s3://bucket/train.jsonl", "train")]


@pytest.mark.parametrize(
    ("before", "after", "method", "adapter"),
    [
        ("peft_scheme: lora", "peft_scheme: null", "sft", "full"),
        ("    optim", "    dpo_cfg: {beta: 0.1}\n    optim", "dpo", "lora"),
        ("training_config:", "training_config:\n  task_type: cpt", "continued-pretraining", "lora"),
        ("training_config:", "training_config:\n  rollout: {type: async}", "other", "lora"),
        ("training_config:", "ppo_actor_train: {max_steps: 10}\ntraining_config:", "ppo", "lora"),
        ("    peft: {peft_scheme: lora}\n", "", "continued-pretraining", "full"),
        ("training_config:", "training_config:\n  distillation_data: 'true'", "distillation", None),
    ],
)
def test_methods_of_nova(values, before, after, method, adapter):
    told = values("hyperpod", NOVA.replace(before, after))
    assert (told["training.method"], told.get("training.adapter")) == (method, adapter)


def test_steps_and_data_for_validation_of_nova(values):
    text = NOVA.replace("max_epochs: 2", "max_epochs: 2, max_steps: 5")
    told = values("hyperpod", text.replace("training_config", "  validation_data_s3_path: s3://b/v\ntraining_config"))
    assert "training.epochs" not in told
    assert told["training.validation"] is True


def test_a_recipe_for_an_agent(values):
    told = values("hyperpod", MTRL)
    assert (told["training.method"], told["training.adapter"], told["model.base"]) == ("other", "lora", "org/model-27b")
    assert told["training.validation"] is True
    assert "training.epochs" not in told


def test_a_recipe_in_the_way_of_nemo(values, tell):
    told = values("hyperpod", NEMO)
    assert (told["training.method"], told["training.adapter"], told["training.seed"]) == ("sft", "lora", 12)
    assert told["training.validation"] is True
    assert [item.split for item in tell("hyperpod", NEMO).datasets] == ["train", "validation"]


@pytest.mark.parametrize(
    "text",
    [
        NEMO.replace("do_finetune: true", "do_finetune: false"),
        f"{NOVA}evaluation: {{task: mmlu}}\n",
        MTRL.replace("schedule:", "eval_schedule:"),
        NOVA.replace("training_config", "inference"),
        LLMFT.replace("model_type: llm_finetuning_aws", "kind: job"),
        "run: {model_type: verl}\ntraining_config: {epochs: 3}\n",
        "run: {model_type: xgboost}\ntrainer: {max_depth: 3}\nmodel: {do_finetune: false}\n",
        "training_config: [a]\nrun: training_config\n",
        "- training_config\n",
    ],
)
def test_evaluations_trainings_from_nothing_and_others_are_not_recognised(tell, text):
    assert tell("hyperpod", text) is None


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (LLMFT.replace("seed: 42", "seed: x"), "training.seed", "train.yaml:14:11: `seed` is `x`"),
        (LLMFT.replace("use_dora: false", "use_dora: x"), "training.adapter", "train.yaml:10:53: `use_dora` is `x`"),
        (VERL.replace("lora_rank: 32", "lora_rank: x"), "training.adapter", "train.yaml:5:44: `lora_rank` is `x`"),
        (NOVA.replace("max_epochs: 2", "max_epochs: x"), "training.epochs", "train.yaml:7:25: `max_epochs` is `x`"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_warning_and_no_fact(tell, text, path, message):
    told = tell("hyperpod", text)
    assert path not in {fact.path for fact in told.facts}
    [problem] = told.problems
    assert problem.level == "warning"
    assert str(problem).startswith(message)
