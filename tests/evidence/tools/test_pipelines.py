from __future__ import annotations

import pytest

from policy.evidence.tools.pipelines import PipelineReader
from policy.evidence.tools.readers import RepositoryContext
from policy.source.yaml_reader import read_yaml

TRL = "trl dpo --model_name_or_path org/model --dataset_name org/pairs --learning_rate 1e-6 --use_peft"
PROJECT = "name: tune\nentry_points:\n  main:\n    command: {}\n"
KUBEFLOW = """\
apiVersion: kubeflow.org/v1
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Master:
      template:
        spec:
          containers:
          - name: pytorch
            command: ["trl", "sft"]
            args: ["--model_name_or_path", "org/model", "--dataset_name", "org/data", "--learning_rate=1e-5"]
"""


def read(tell, text):
    told = tell("pipeline", text)
    return {fact.path: fact.value for fact in told.facts} if told else None


@pytest.mark.parametrize(
    "text",
    [
        PROJECT.format(TRL),
        f"stages:\n  tune:\n    cmd: {TRL}\n    deps: [data]\n",
        f"stages:\n  tune:\n    cmd:\n    - echo begin\n    - {TRL}\n",
        f"stages:\n  tune:\n    cmd: |\n      pip install trl && {TRL}\n",
        PROJECT.format(f"CUDA_VISIBLE_DEVICES=0 uv run {TRL}"),
        PROJECT.format(">\n      " + TRL.replace(" --use", "\n      --use")),
        f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [sh, -c, '{TRL}']\n",
        f"resources:\n  jobs:\n    tune:\n      tasks:\n      - command: {TRL}\n",
        PROJECT.format(TRL.replace("trl dpo", "python -m trl.scripts.dpo")),
        PROJECT.format(TRL.replace("trl dpo", "python3.12 trl/scripts/dpo.py")),
        PROJECT.format(
            TRL.replace("trl dpo", "accelerate launch --config_file conf/zero3.yaml examples/scripts/dpo.py")
        ),
        PROJECT.format(TRL.replace("trl dpo", "/usr/bin/torchrun --nproc_per_node 8 /src/trl/scripts/dpo.py")),
        f"""pipelineInfo: {{name: tune}}
deploymentSpec:
  executors:
    exec-tune:
      container: {{image: trl, command: [sh, -c], args: ["{TRL}"]}}
""",
    ],
)
def test_a_command_that_says_what_it_trains_is_read(tell, text):
    told = read(tell, text)
    assert told["approach"] == "fine-tuning"
    assert (told["training.tool"], told["training.method"], told["training.adapter"]) == ("trl", "dpo", "lora")
    assert told["model.base"] == "org/model"
    assert told["training.seed"] == 42


def test_words_of_a_list_are_one_command(tell):
    told = tell("pipeline", KUBEFLOW)
    facts = {fact.path: fact for fact in told.facts}
    assert facts["training.method"].value == "sft"
    assert str(facts["model.base"].location) == "train.yaml:10:23"
    assert [(item.name, item.split) for item in told.datasets] == [("org/data", "train")]


def test_llama_factory_is_read_from_its_arguments(tell):
    line = "llamafactory-cli train --stage dpo --do_train --model_name_or_path a/b --dataset x --finetuning_type lora"
    told = read(tell, PROJECT.format(line))
    assert (told["training.tool"], told["training.method"]) == ("llama-factory", "dpo")
    with_parameter = read(tell, PROJECT.format(line.replace("a/b", "{model}")))
    assert with_parameter["approach"] == "fine-tuning"
    assert "training.seed" not in with_parameter


@pytest.mark.parametrize("script", ["python src/train_bash.py", "deepspeed --num_gpus 8 src/train.py"])
def test_llama_factorys_scripts_are_read_where_their_own_options_stand(tell, script):
    options = "--do_train --model_name_or_path a/b --dataset x --finetuning_type full"
    told = read(tell, PROJECT.format(f"{script} --stage pt {options}"))
    assert (told["training.method"], told["training.adapter"]) == ("continued-pretraining", "full")
    options = options.replace("--finetuning_type full", "--template qwen")
    assert tell("pipeline", PROJECT.format(f"{script} {options}")) is None
    assert tell("pipeline", PROJECT.format(f"llamafactory-cli train {options}")) is not None


@pytest.mark.parametrize(
    ("recipe", "method", "adapter"),
    [
        ("full_finetune_single_device", "sft", "full"),
        ("lora_finetune_distributed", "sft", None),
        ("lora_dpo_distributed", "dpo", None),
        ("ppo_full_finetune_single_device", "ppo", "full"),
        ("knowledge_distillation_single_device", "distillation", "full"),
    ],
)
def test_torchtunes_recipes_tell_by_their_names(tell, recipe, method, adapter):
    told = read(tell, PROJECT.format(f"tune run --nproc_per_node 2 {recipe} --config llama3_1/8B_config epochs=2"))
    assert (told["training.tool"], told["training.method"], told.get("training.adapter")) == (
        "torchtune",
        method,
        adapter,
    )


def test_a_recipe_in_a_list_of_words_is_found(tell):
    words = '["tune", "run", "lora_finetune_single_device", "--config", "llama3_2/1B_lora"]'
    text = f"apiVersion: batch/v1\nkind: Job\nspec: {{containers: [{{command: {words}}}]}}\n"
    assert any(mark in text.encode() for mark in PipelineReader.marks)
    assert read(tell, text)["training.tool"] == "torchtune"


def test_a_value_that_is_put_in_later_is_open(tell):
    told = read(tell, PROJECT.format(f'"{TRL} --seed {{seed}} --model_revision $REVISION"'))
    assert told["training.method"] == "dpo"
    assert not {"training.seed", "model.revision"} & set(told)


def test_what_two_trainings_do_not_share_is_open(tell):
    other = TRL.replace("dpo", "sft").replace("org/pairs", "org/chats")
    told = tell("pipeline", f"stages:\n  a:\n    cmd: {other}\n  b:\n    cmd: {TRL}\n")
    facts = {fact.path: fact.value for fact in told.facts}
    assert facts["model.base"] == "org/model"
    assert "training.method" not in facts
    assert [item.name for item in told.datasets] == ["org/chats", "org/pairs"]


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --epochs 3",
        "python -m trl.scripts.sft --config sft.yaml",
        "trl sft --config conf/sft.yaml",
        "trl chat --model_name_or_path org/model",
        "trl vllm-serve --model org/model",
        "trl sft --help",
        f"echo {TRL}",
        TRL.replace("trl dpo", "echo python trl/scripts/dpo.py"),
        TRL.replace("trl dpo", "python scripts/dpo.py"),
        TRL.replace("trl dpo", "python -m trl.scripts.env"),
        "llamafactory-cli train conf/sft.yaml",
        "llamafactory-cli export --model_name_or_path a --do_train",
        "axolotl train conf/axolotl.yml",
        "tune run eleuther_eval --config eleuther_evaluation",
        "tune run full_finetune_single_device --config conf/custom.yaml",
        "tune download org/model",
        "mlflow run . && dvc repro",
        f"'{TRL} \"unended'",
        "''",
    ],
)
def test_commands_that_tell_no_training_are_not_recognised(tell, command):
    for text in (PROJECT.format(command), f"stages:\n  tune:\n    cmd: {command}\n"):
        assert tell("pipeline", text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"# {TRL}\nentry_points: {{main: {{command: ls}}}}\n",
        f"jobs:\n  build:\n    steps:\n    - run: {TRL}\n",
        f"description: {TRL}\nstages: {{a: {{cmd: ls}}}}\n",
        f"- {TRL}\n",
        "entry_points: [trl sft]\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {containers: [{image: trl, args: ['trl sft']}]}\n",
        "resources: {jobs: {a: {tasks: [{spark_python_task: {python_file: trl sft}}]}}}\n",
    ],
)
def test_pipelines_without_such_a_command_and_other_files_are_not_recognised(tell, text):
    assert tell("pipeline", text) is None


def test_a_document_that_tells_nothing():
    for text in (b"- a", b"a: b"):
        assert PipelineReader().read(read_yaml(text, "a.yaml"), RepositoryContext(".")).facts == ()
