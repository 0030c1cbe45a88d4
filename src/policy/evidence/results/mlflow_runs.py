"""Metrics of tracked runs, asked of an MLflow server over its REST API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.evidence.results.mlflow_server import ADDRESS, NoRunError, find_server
from policy.evidence.results.plain import read_metrics
from policy.evidence.results.result import Result, Task, UnfitValueError
from policy.evidence.results.tracking_server import SECONDS, NoAnswerError, fetch_json
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUN = re.compile(r"(?:mlflow:/runs/|mlflow://runs/|runs:/)([A-Za-z0-9][A-Za-z0-9_-]{0,63})/?")
_PATH = "/api/2.0/mlflow/runs/get?run_id="
_SHOTS = ("few_shot", "num_fewshot", "n_shot", "few_shots")
_TRAINING = ("train", "training")
MOST_KEPT = 1000


class GoneRunError(NoRunError):
    """The server was asked, and has no such run, or none that came to a result."""


class TrackingServer:
    """The MLflow server of an environment, or else at an address. A run is asked for once while it is kept.

    A server that fails is left alone.
    """

    def __init__(self, environment: Mapping[str, str], seconds: float = SECONDS, address: str = "") -> None:
        self._environment = environment
        self._address = address
        self._seconds = seconds
        self._known: dict[str, Result | NoRunError] = {}
        self._down: NoRunError | None = None

    def read_run(self, uri: str) -> Result:
        """The run's latest metrics; raises NoRunError."""
        match = _RUN.fullmatch(uri)
        if match is None:
            message = f"`{uri[:80]}` names no run of MLflow"
            raise NoRunError(message, "name it as mlflow:/runs/ID, with the run's id", minor=True)
        run_id = match[1]
        if run_id not in self._known:
            self._keep(run_id, uri)
        known = self._known[run_id]
        if isinstance(known, NoRunError):
            raise _copy(known)
        return known

    def _keep(self, run_id: str, uri: str) -> None:
        """Ask for a run, and keep what is told of it; raises NoRunError where nobody could be asked."""
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        try:
            self._known[run_id] = self._ask(run_id, uri)
        except NoRunError as fault:
            if fault.minor:
                raise
            self._known[run_id] = _copy(fault)

    def _ask(self, run_id: str, uri: str) -> Result:
        if self._down is not None:
            raise _copy(self._down)
        server, meter = find_server(self._environment, self._address), find_meter()
        seconds = meter.limit_seconds(self._seconds)
        try:
            answer = fetch_json(server.address + _PATH + run_id, server.headers, seconds)
        except NoAnswerError as fault:
            meter.check_time()
            if fault.status == 404:
                raise GoneRunError(f"the MLflow server has no run `{run_id}`", "check the run's id") from None
            remedy = f"check {ADDRESS}, and that the server is up and its credentials are set"
            if server.named_by != ADDRESS and fault.status in (401, 403):
                remedy = f"set {ADDRESS} to its address: only then it is sent credentials"
            error = NoRunError(f"the MLflow server of {server.named_by} tells no run: {fault.reason}", remedy)
            # It may refuse one run and tell another; what does not work at all need not be waited for again.
            self._down = None if 400 <= fault.status < 500 else _copy(error)
            raise error from None
        return read_answer(answer, run_id, uri)


def _copy(fault: NoRunError) -> NoRunError:
    """The fault without its frames: one that is kept would keep all that was read for the subject that met it."""
    return type(fault)(fault.reason, fault.remedy, minor=fault.minor)


def read_answer(answer: Any, run_id: str, uri: str) -> Result:
    """What the server says of a finished run; raises NoRunError."""
    run = _take(answer, "run")
    data = _take(run, "data")
    _refuse_unfinished(_take(run, "info"), run_id)
    try:
        metrics = read_metrics(_pair(data.get("metrics")))
    except UnfitValueError as fault:
        raise NoRunError(f"of the run `{run_id}` {fault.message}", "log it under another name, or anew") from None
    if not metrics:
        raise NoRunError(f"the run `{run_id}` has no metric that is a finite number", "log what it measured")
    shots = _read_shots(_pair(data.get("params")))
    tasks = tuple(task._replace(few_shot=shots) for task in _list_datasets(run.get("inputs")))
    return Result(uri, {name: metric._replace(tasks=tasks) for name, metric in metrics.items()}, few_shot=shots)


def _refuse_unfinished(info: dict[str, Any], run_id: str) -> None:
    if (info.get("run_id") or info.get("run_uuid")) != run_id:
        raise NoRunError(f"the MLflow server answers with another run than `{run_id}`", "check the server")
    if info.get("lifecycle_stage") == "deleted":
        raise GoneRunError(f"the run `{run_id}` is deleted", "restore it, or name another run")
    if info.get("status") in ("RUNNING", "SCHEDULED"):
        raise NoRunError(f"the run `{run_id}` has not ended, so its metrics may still change", "wait for its end")
    if info.get("status") != "FINISHED":
        raise GoneRunError(f"the run `{run_id}` has failed, or was ended", "evaluate again")


def _read_shots(params: dict[str, Any]) -> int | None:
    """Parameters are texts."""
    written = next((params[name] for name in _SHOTS if name in params), None)
    plain = isinstance(written, str) and written.isascii() and written.isdigit() and len(written) < 9
    return int(written) if isinstance(written, str) and plain else None


def _take(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise NoRunError(f"what the MLflow server answers is no run: `{key}` is missing", f"check {ADDRESS}")
    return found


def _pair(items: Any) -> dict[str, Any]:
    """Key to value. A metric that is no finite number is a text in the API, such as `NaN`, and so no metric here."""
    found: dict[str, Any] = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("key"), str):
            found[item["key"]] = item.get("value")
    return found


def _list_datasets(inputs: Any) -> list[Task]:
    """The data that the run was evaluated on. Its digests sample large data, and equal ones prove nothing."""
    found = inputs.get("dataset_inputs") if isinstance(inputs, dict) else None
    tasks = []
    for item in found if isinstance(found, list) else ():
        dataset = item.get("dataset") if isinstance(item, dict) else None
        name, digest = (dataset.get("name"), dataset.get("digest")) if isinstance(dataset, dict) else (None, None)
        tags = _pair(item.get("tags")) if isinstance(item, dict) else {}
        if isinstance(name, str) and isinstance(digest, str) and tags.get("mlflow.data.context") not in _TRAINING:
            tasks.append(Task(name, digest=digest, exact=False))
    return sorted(tasks)
