from __future__ import annotations

from types import SimpleNamespace as Item

import pytest

from policy.gates.mlflow.server.signs import find_change, find_training, find_tuning, find_weights


def key(*names):
    return [Item(key=name) for name in names]


@pytest.mark.parametrize(
    ("arguments", "trains", "tunes", "changes"),
    [
        # Whatever is logged of a training after its end was not there when it was judged.
        ({"params": key("prompt", "k")}, "", "", "prompt"),
        ({"params": key("model_name_or_path")}, "", "", "model_name_or_path"),
        ({"params": []}, "", "", ""),
        ({"params": key("x", "args/lora_alpha")}, "lora_alpha", "args/lora_alpha", "`x`"),
        ({"param": key("learning_rate")[0]}, "learning_rate", "", "learning_rate"),
        ({"metrics": key("accuracy", "loss")}, "", "", ""),
        ({"metrics": key("train/grad_norm")}, "grad_norm", "", ""),
        ({"metric": key("train_runtime")[0]}, "train_runtime", "", ""),
        ({"datasets": None, "models": [1]}, "", "", ""),
        ({"datasets": [1], "models": None}, "", "", "data"),
        ({"models": [1]}, "a model", "", "a model"),
        ({"mlflow_model": object()}, "a model", "", "a model"),
        ({"tags": key("lora_alpha")}, "", "", ""),
        ({}, "", "", ""),
    ],
)
def test_signs(arguments, trains, tunes, changes):
    for found, expected in (
        (find_training(arguments), trains),
        (find_tuning(arguments), tunes),
        (find_change(arguments), changes),
    ):
        assert expected in found
        assert bool(found) is bool(expected)


@pytest.mark.parametrize(
    ("name", "is_model"),
    [
        ("adapter_config.json", True),
        ("model/MLmodel", True),
        ("a/Model-00001-of-00002.SAFETENSORS", True),
        ("model.gguf", True),
        ("model/model.pkl", True),
        ("python_model.pkl", True),
        ("model.joblib", True),
        ("model.ubj", True),
        ("data/model/saved_model.pb", True),
        ("pytorch_model.bin", True),
        ("pytorch_model-00001-of-00002.bin", True),
        # Much else is pickled, or in a file that is called so.
        ("cache.pkl", False),
        ("answers.bin", False),
        ("pytorch_model.bin.index.json", False),
        ("answers.json", False),
        ("safetensors", False),
        ("plot.png", False),
        ("", False),
    ],
)
def test_files_of_models(name, is_model):
    assert bool(find_weights(["x.txt", name])) is is_model
