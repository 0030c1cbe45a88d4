"""Files of any shape before the readers of recipes and pipelines: recognised or not, they never fail."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.evidence.tools.alignment_handbook import AlignmentHandbookReader
from policy.evidence.tools.axolotl import AxolotlReader
from policy.evidence.tools.hyperpod import HyperPodReader
from policy.evidence.tools.llama_factory import LlamaFactoryReader
from policy.evidence.tools.pipelines import PipelineReader
from policy.evidence.tools.readers import RepositoryContext
from policy.evidence.tools.torchtune import TorchtuneReader
from policy.evidence.tools.trl import TrlReader
from policy.evidence.value_kinds import find_misfit
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.source.node import Document, Mapping
from policy.source.yaml_reader import read_yaml

READERS = (TorchtuneReader(), AlignmentHandbookReader(), TrlReader(), HyperPodReader(), PipelineReader())
KNOWN = (AxolotlReader(), LlamaFactoryReader())
WORDS = re.findall(
    r"\w+",
    """
    _component_ model policy_model checkpointer checkpoint_dir optimizer loss dataset dataset_val datasets source split
    data_files run_val_every_n_steps epochs seed max_steps_per_epoch kd_loss grpo_samples use_dora quantize_base
    model_name_or_path dataset_name dataset_mixer dataset_mixture id path weight fraction learning_rate use_peft
    load_in_4bit loss_type eval_strategy do_eval do_train max_steps hub_model_id output_dir chat_template packing
    run model_type training_config training_args model_config peft_config peft_type trainer_type max_epochs data
    train_data file_path train_val_split_ratio actor_rollout_ref algorithm adv_estimator lora_rank trainer schedule rl
    peft peft_scheme do_finetune ppo_actor_train rollout task_type distillation_data evaluation
    entry_points command stages cmd args apiVersion kind resources
""",
)
TEXTS = (
    "torchtune.models.lora_x",
    "torchtune.training.Checkpointer",
    "torchtune.rlhf.loss.DPOLoss",
    "amazon.nova-pro",
    "verl",
    "mtrl",
    "sft",
    "${model}",
    "${oc.select:recipes.run,1}",
    "true",
    "no",
    "data/a.jsonl",
    "org/x",
    "trl sft --model_name_or_path a --dataset_name b --learning_rate",
    "llamafactory-cli train --do_train --model_name_or_path a --stage sft --dataset",
    "tune run full_finetune --config x \"'",
    "\\",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("abc/.~*-0: \u00fc", max_size=6)
    | st.sampled_from(TEXTS)
)
SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)
TORCHTUNE = {
    "model": {"_component_": "torchtune.models.lora_x"},
    "checkpointer": {"_component_": "torchtune.training.C"},
    "optimizer": {"_component_": "a.b"},
    "loss": {"_component_": "torchtune.x.DPOLoss"},
}
TRL = {"model_name_or_path": "a/b", "dataset_name": "c/d", "learning_rate": 1}
HYPERPOD = {"run": {"model_type": "amazon.nova"}, "training_config": {"trainer": {"max_epochs": 1}}}
VERL = {"run": {"model_type": "verl"}, "training_config": {"model": {"path": "a/b"}, "data": {"seed": 1}}}
PIPELINE = {"stages": {"a": {"cmd": "trl sft --model_name_or_path a --dataset_name b --learning_rate 1"}}}


def read_all(root: Mapping, document: Document, folder: str) -> None:
    for reader in READERS:
        if reader.recognise(root):
            told = reader.read(document, RepositoryContext(folder))
            assert find_misfit(told.facts, told.problems, SCHEMA) == ""
            assert all(problem.level == "warning" and problem.location for problem in told.problems)
            assert all(fact.location and fact.location.file == document.file for fact in told.facts)
            Facts(told.facts).judged  # noqa: B018 - it is computed here


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=st.sampled_from([{}, TORCHTUNE, TRL, HYPERPOD, VERL, PIPELINE]), odd=SHAPES, first=st.booleans())
def test_no_shape_of_a_file_fails(tmp_path, base, odd, first):
    extra = odd if isinstance(odd, dict) else {"datasets": odd, "dataset_mixer": odd, "seed": odd}
    merged = {**extra, **base} if first else {**base, **extra}
    document = read_yaml(json.dumps(merged).encode(), "a.yaml")
    assert isinstance(document.root, Mapping)
    read_all(document.root, document, str(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
@example(b"stages: {a: {cmd: 'trl sft --a={'}}")
@example(b"run: &a {model_type: verl, training_config: *a}")
def test_any_bytes_are_refused_or_read(tmp_path, data):
    try:
        document = read_yaml(data, "a.yaml", merge=True)
    except PolicyError:
        return
    if isinstance(document.root, Mapping):
        read_all(document.root, document, str(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=st.dictionaries(st.sampled_from(WORDS), SHAPES, max_size=6))
def test_a_config_of_another_tool_stays_that_tools(odd):
    for base in ({"base_model": "a", "datasets": [{"path": "a"}]}, {"stage": "sft", "do_train": True, **TRL}):
        document = read_yaml(json.dumps({**odd, **base}).encode(), "a.yaml")
        assert isinstance(document.root, Mapping)
        assert any(reader.recognise(document.root) for reader in KNOWN)
        assert not any(reader.recognise(document.root) for reader in (AlignmentHandbookReader(), TrlReader()))


@pytest.mark.parametrize("depth", [30, 39])
def test_deep_pipelines_are_walked(tmp_path, depth):
    text = "stages: " + "{a: " * depth + "1" + "}" * depth
    document = read_yaml(text.encode(), "a.yaml")
    assert isinstance(document.root, Mapping)
    read_all(document.root, document, str(tmp_path))
