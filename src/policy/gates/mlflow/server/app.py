"""The application that `mlflow server --app-name policy` starts: MLflow's own, with the guard inside."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.panel import Panel
    from policy.gates.mlflow.server.guard import Guard

CONFIG: Final = "POLICY_CONFIG"
"""Names the policy set's file; without it the one of the working folder counts."""

LOG: Final = logging.getLogger("policy.mlflow")


def create_app(app: Any = None) -> Any:
    """The guarded application: ASGI under uvicorn, WSGI elsewhere. Where it must not start it ends the server."""
    try:
        return build_app(app)
    except PolicyError as error:
        refuse_start(error)


def build_app(app: Any = None) -> Any:
    """The guarded application. Raises PolicyError where anything would stay unguarded."""
    from mlflow.server import app as flask_app

    from policy.app.runs.panel import check_panel, load_panel
    from policy.gates.mlflow.server.api.serving import add_api

    flask = app or flask_app
    panel = load_panel(os.environ.get(CONFIG))
    check_panel(panel)
    guard = open_guard(panel, os.environ.get(CONFIG))
    guard_stores(guard)
    add_api(flask, guard)
    return wrap_app(flask, panel.settings.app)


def open_guard(panel: Panel, config: str | None) -> Guard:
    """The guard with its ledger. Raises PolicyError where that cannot be opened."""
    from policy.app.runs.panel import check_panel
    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.reloading import Reloader
    from policy.records.ledger import open_ledger
    from policy.records.runs.uploads import drop_expired

    ledger = open_ledger(panel.ledger.url, folder=panel.ledger.folder or ".")
    # Where it cannot be done now, the next server that starts does it.
    with suppress(PolicyError):
        drop_expired(ledger)
    return Guard(Reloader(config, panel, check_panel), ledger)


def guard_stores(guard: Guard) -> None:
    """Guard every store that the server makes, on both sides of it, and its artifacts. Raises PolicyError."""
    from policy.app.runs.methods import REGISTRY, TRACKING
    from policy.gates.mlflow.server import registry, stores, tracking
    from policy.gates.mlflow.server.artifacts import guard_artifacts
    from policy.gates.mlflow.server.store_registries import guard_registry

    for found in stores.list_tracking_registries():
        guard_registry(found, tracking.make_rules(guard), TRACKING)
    for found in stores.list_model_registries():
        guard_registry(found, registry.make_rules(guard), REGISTRY)
    stores.make_stores()
    guard_artifacts(guard)


def wrap_app(flask: Any, inner: str) -> Any:
    """What the server runs: with its own authentication, where that is named."""
    if inner == "basic-auth":
        from mlflow.server import auth

        with one_at_a_time():
            return auth.create_app(flask)
    if os.environ.get("_MLFLOW_SGI_NAME") == "uvicorn":
        from mlflow.server.fastapi_app import create_fastapi_app

        return create_fastapi_app(flask)
    return flask


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Workers that start together do this one after the other: making the same tables at once fails."""
    try:
        import fcntl
    except ImportError:  # not on this system, where there is one worker
        yield
        return
    # Any file that is there will do.
    with open(__file__, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def refuse_start(error: PolicyError) -> Any:
    """Say why, and end the server: what supervises this process would start it over and over."""
    import multiprocessing

    for problem in error.problems:
        where = f"{problem.location}: " if problem.location is not None else ""
        sys.stderr.write(f"error: {where}{problem.message}\n  help: {problem.remedy}\n")
    sys.stderr.flush()
    if multiprocessing.parent_process() is not None:
        os.kill(os.getppid(), signal.SIGTERM)
    sys.exit(2)
