"""Beginning a run, or what belongs to one, such that a refusal is told at once and whole."""

from __future__ import annotations

from contextlib import ContextDecorator, ExitStack
from typing import TYPE_CHECKING, Any

from policy.app.runs.intent import intend
from policy.gates.mlflow.client.announcing import look_ahead
from policy.gates.mlflow.client.judging import judge_run, strip_scheme
from policy.gates.mlflow.client.refusal import stop_refused
from policy.gates.mlflow.client.server import say_once

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    Path = str | os.PathLike[str]


def start_run(
    run_id: str | None = None, *, manifest: Path | None = None, activity: str | None = None, **arguments: Any
) -> Any:
    """As `mlflow.start_run`, for a manifest and an activity; raises RunRefused where the run must not begin."""
    import mlflow

    with intend(manifest, activity), stop_refused():
        return mlflow.start_run(run_id, **arguments)


class Guard(ContextDecorator):
    """Asks on entering; what is said of runs counts for all that begin inside."""

    def __init__(self, experiment: str | None, manifest: Path | None, activity: str | None) -> None:
        self.experiment = experiment
        self.manifest = manifest
        self.activity = activity
        self._entered: list[ExitStack] = []

    def __enter__(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(intend(self.manifest, self.activity))
            with stop_refused():
                _ask(self.experiment)
            self._entered.append(stack.pop_all())

    def __exit__(self, *failure: object) -> None:
        self._entered.pop().close()


def guard(
    experiment: str | Callable[..., Any] | None = None,
    *,
    manifest: Path | None = None,
    activity: str | None = None,
) -> Any:
    """Stops with RunRefused where no run may begin; a context manager, and a decorator with arguments or without.

    `experiment` is a name; without it the one that is active counts.
    """
    if callable(experiment):
        return Guard(None, manifest, activity)(experiment)
    return Guard(experiment, manifest, activity)


def _ask(experiment: str | None) -> None:
    import mlflow
    from mlflow.tracking.fluent import _get_experiment_id  # nothing public tells which one is active

    address = mlflow.get_tracking_uri()
    plain = strip_scheme(address)
    if plain != address:
        judge_run(_find_experiment(experiment), {})
    if plain.partition("://")[0] in ("http", "https"):
        asked = {"experiment_name": experiment} if experiment else {"experiment_id": str(_get_experiment_id())}
        look_ahead(plain, asked)
    elif plain == address:
        say_once(f"no server judges runs that are kept at {address}: nothing was asked")


def _find_experiment(name: str | None) -> Any:
    """The experiment that is named, which there need not be yet, or the one that is active."""
    import mlflow
    from mlflow.entities import Experiment
    from mlflow.tracking.fluent import _get_experiment_id

    if not name:
        return mlflow.get_experiment(str(_get_experiment_id()))
    return mlflow.get_experiment_by_name(name) or Experiment("", name, "", "active")
