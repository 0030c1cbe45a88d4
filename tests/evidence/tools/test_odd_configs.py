"""Configs whose values have any shape: whatever stands there is a fact, a warning or nothing, never a failure."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.model.facts import Facts
from policy.plugins.contracts import ConfigFacts

KEYS = {
    "axolotl": """
        base_model datasets pretraining_dataset test_datasets revision_of_model trust_remote_code adapter rl
        reward_model kd_trainer seed num_epochs max_steps val_set_size peft_use_dora unfrozen_parameters
    """,
    "llama-factory": """
        model_name_or_path stage do_train finetuning_type dataset eval_dataset dataset_dir max_samples val_size seed
        num_train_epochs max_steps quantization_bit use_dora pref_loss model_revision trust_remote_code template
        model model_class train_dataset peft_config quant_config
    """,
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("abc/.~*-0: \u00fc", max_size=6)
    | st.sampled_from(["sft", "dpo", "lora", "data", "index.yaml", "a,b", "../x.jsonl", "/", "~", "*", "-", "a//b"])
)
INNER = st.sampled_from(["path", "type", "data_files", "split", "shards", "name", "a"])
SHAPES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER, inner, max_size=3), max_leaves=5
)
TRAINING: dict[str, dict[str, object]] = {
    "axolotl": {"base_model": "a/b", "datasets": [{"path": "a/b"}]},
    "llama-factory": {"model_name_or_path": "a/b", "do_train": True, "stage": "sft"},
}
INDEX = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(
        st.sampled_from(["a", "b", "file_name", "hf_hub_url", "split", "num_samples", "path", "converter"]),
        inner,
        max_size=4,
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("tool", KEYS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_shape_of_a_value_fails(tell, plant, tool, data):
    values = data.draw(st.dictionaries(st.sampled_from(KEYS[tool].split()), SHAPES, max_size=6))
    whole = data.draw(st.booleans())
    index = json.dumps(data.draw(INDEX))
    plant({"data/dataset_info.json": index, "index.yaml": index})
    told = tell(tool, json.dumps({**values, **TRAINING[tool]} if whole else {**TRAINING[tool], **values}))
    if told is None:
        return
    assert isinstance(told, ConfigFacts)
    assert all(problem.level == "warning" and problem.location for problem in told.problems)
    Facts(told.facts).judged  # noqa: B018 - it is computed here


@pytest.mark.parametrize("index", ["data/index.yaml", "index.yaml"])
def test_an_index_is_not_read_from_outside(tell, plant, index, tmp_path):
    root = plant({"index.yaml": "a: {path: org/a}"})
    (root / "data").symlink_to("..")
    assert root == tmp_path
    told = tell("llama-factory", f"model: m\nmodel_class: llm\ntrain_dataset: {index}\n")
    assert told.datasets[0].resolved == (index == "index.yaml")
