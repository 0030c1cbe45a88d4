"""What MLflow remembers in a process is forgotten after each test."""

from __future__ import annotations

import sys

import pytest

FLUENT = "mlflow.tracking.fluent"


@pytest.fixture(autouse=True)
def no_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is active: `mlflow.set_experiment` names one for all that the process does, and for those that it starts."""
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        # Set first, so that what the test makes of it is undone even where it was not there before.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    if FLUENT in sys.modules:
        monkeypatch.setattr(sys.modules[FLUENT], "_active_experiment_id", None)
