"""What shows itself of a run after it was judged: its decision is opened again, and nothing is released from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.runs.attempt import ADMITTED, REOPENED, TRAINING
from policy.gates.mlflow.server.mirrored import STATE
from policy.gates.mlflow.server.released import find_released
from policy.gates.mlflow.server.stores import find_run_experiment, get_tracking_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.gates.mlflow.server.guard import Guard
    from policy.records.runs.rows import RunRow

UNGOVERNED, UNADMITTED = "ungoverned-training", "unadmitted"
"""Where nothing is governed training is only pointed out; where it is, a run that never met the gate is."""


def note_training(guard: Guard, row: RunRow, sign: str) -> None:
    """A run that was judged as one that trains nothing, and trains. Raises MlflowException where it cannot be noted."""
    if row.activity == TRAINING or row.state != ADMITTED:
        return
    # Another worker may know more by now: that it was judged again, as training.
    row = guard.find_row(row.run) or row
    if row.activity != TRAINING:
        reopen(guard, row, f"it was admitted as `{row.activity}`, and {sign}")


def note_change(guard: Guard, row: RunRow, what: str, *, ended: bool) -> None:
    """A run that was over, and is changed; who resumes it is judged. Raises MlflowException as above."""
    if ended:
        _reopen_training(guard, row, f"{what} after it had ended")


def note_rewrite(guard: Guard, row: RunRow, what: str, names: Iterable[str]) -> None:
    """A run that goes on, and whose files of these names may be those of a version. Raises MlflowException as above."""
    if row.activity == TRAINING or row.state == REOPENED:
        version = find_released(guard, row.run, names)
        if version:
            _reopen_training(guard, row, f"{what} after it was released as `{version}`")


def _reopen_training(guard: Guard, row: RunRow, reason: str) -> None:
    row = guard.find_row(row.run) or row
    if row.activity == TRAINING:
        reopen(guard, row, reason)


def reopen(guard: Guard, row: RunRow, reason: str) -> None:
    """Note it in the ledger, once, and show it in MLflow."""
    guard.forget(row.run)
    if row.state == ADMITTED:
        guard.register.reopen(row, reason)
        show_state(row.run, REOPENED)


def point_out(guard: Guard, run: str) -> None:
    """Show at a run that is on no record that it trains, once; also where it came past the gate and says more."""
    if get_tracking_store().get_run(run).data.tags.get(STATE) not in (UNGOVERNED, UNADMITTED):
        governed = guard.find_binding(find_run_experiment(run)) is not None
        show_state(run, UNADMITTED if governed else UNGOVERNED)


def show_state(run: str, state: str) -> None:
    """Show in MLflow what state a run is in."""
    from mlflow.entities import RunTag

    get_tracking_store().set_tag(run, RunTag(STATE, state))
