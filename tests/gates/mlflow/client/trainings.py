"""What programs of these tests train, in their own process: nothing of it is downloaded, and it makes two steps."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments

# A Trainer collects garbage before it begins, and what was imported is none.
gc.freeze()


class Steps(TrainerCallback):  # type: ignore[misc]  # transformers is not always installed
    """Counts those that begin, and those that end."""

    begun = ended = 0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        Steps.begun += 1

    def on_step_end(self, *_: Any, **__: Any) -> None:
        Steps.ended += 1


def make_trainer(*callbacks: Any, **more: Any) -> Any:
    """A Trainer with a model of a few numbers."""
    config = BertConfig(
        vocab_size=8,
        hidden_size=4,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=4,
        max_position_embeddings=8,
    )
    arguments = TrainingArguments("out", max_steps=2, use_cpu=True, save_strategy="no", disable_tqdm=True, **more)
    data = [{"input_ids": torch.tensor([1, 2]), "labels": torch.tensor(1)}] * 8
    model = BertForSequenceClassification(config)
    return Trainer(model, arguments, train_dataset=data, callbacks=[*callbacks, Steps()])


def attempt(name: str, manifest: str, train: Callable[[], Any], experiment: str = "support-tone") -> None:
    """Train with a manifest, as the cell of a notebook does: what comes of it is a line of the program's output."""
    Path("ml-manifest.yaml").write_text(manifest)
    mlflow.set_experiment(experiment)
    Steps.begun = Steps.ended = 0
    before, end, said = count_runs(), "", ""
    try:
        train()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the kernel of a notebook goes on
        end, said = type(error).__name__, str(error)
    found = {"steps": Steps.begun, "end": end, "said": said, "runs": count_runs() - before}
    sys.stdout.write(f"CASE {json.dumps({'name': name, **found})}\n")
    sys.stdout.flush()


def count_runs() -> int:
    ids = [one.experiment_id for one in mlflow.search_experiments()]
    return len(mlflow.MlflowClient().search_runs(ids))
