"""The application that `mlflow server --app-name policy` starts: MLflow's own, with the guard inside."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.panel import Panel
    from policy.gates.mlflow.server.guard import Guard
    from policy.records.ledger import Ledger

CONFIG: Final = "POLICY_CONFIG"
"""Names the policy set's file; without it the one of the working folder counts."""

LOG: Final = logging.getLogger("policy.mlflow")
# Seconds; to start takes some of the machine.
PAUSE: Final = 10.0
# The exit code of a worker at which gunicorn starts no other one.
GUNICORN_ENDS: Final = 3


def create_app(app: Any = None) -> Any:
    """The guarded application: ASGI under uvicorn, WSGI elsewhere. Where it must not start it ends the server."""
    try:
        return build_app(app)
    except PolicyError as error:
        refuse_start(error)


def build_app(app: Any = None) -> Any:
    """The guarded application. Raises PolicyError where anything would stay unguarded."""
    from mlflow.server import app as flask_app

    from policy.gates.mlflow.server.api.serving import add_api
    from policy.gates.mlflow.server.awaiting import await_start
    from policy.gates.mlflow.server.webhooks.starting import start_webhooks
    from policy.gates.mlflow.server.workers import note_serving

    show_log()
    flask = app or flask_app
    guard = await_start(load_guard)
    guard_stores(guard)
    add_api(flask, guard)
    start_webhooks(flask, guard)
    served = wrap_app(flask, guard.panel.settings.app)
    note_serving(served)
    return served


def load_guard() -> Guard:
    """The guard by the policies as they stand. Raises PolicyError where they, or the ledger, cannot be used."""
    from policy.app.runs.panel import load_panel

    config = os.environ.get(CONFIG)
    panel = load_panel(config)
    check_server(panel)
    return open_guard(panel, config)


def check_server(panel: Panel) -> None:
    """Raises PolicyError where the server cannot be run with policies and settings as they are."""
    from policy.app.runs.panel import check_panel
    from policy.gates.mlflow.server.locations import check_destination

    check_panel(panel)
    check_destination(panel)


def show_log() -> None:
    """Write what the gate does to standard error, as MLflow does, where nobody has said how anything is logged."""
    if LOG.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y/%m/%d %H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def open_guard(panel: Panel, config: str | None) -> Guard:
    """The guard with its ledger, which has its settings, or waits for it. Raises PolicyError where that is wrong."""
    from policy.gates.mlflow.server.awaited import AwaitedLedger
    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.reloading import Reloader

    ledger = AwaitedLedger(panel.ledger)
    ledger.reach()
    try:
        guard = Guard(Reloader(config, panel, check_server), cast("Ledger", ledger))
        ledger.begin(guard.begin)
    except PolicyError:
        ledger.close()
        raise
    return guard


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
        with one_at_a_time():
            return add_basic_auth(flask)
    if os.environ.get("_MLFLOW_SGI_NAME") == "uvicorn":
        from mlflow.server.fastapi_app import create_fastapi_app

        return create_fastapi_app(flask)
    return flask


def add_basic_auth(flask: Any) -> Any:
    """MLflow's own authentication. Raises PolicyError with what MLflow lacks for it."""
    from mlflow.exceptions import MlflowException

    try:
        from mlflow.server import auth

        return auth.create_app(flask)
    except ImportError as error:
        message = f"`basic-auth` cannot be loaded: {error}"
        raise PolicyError(Problem(message, "install what MLflow needs for it: `pip install 'mlflow[auth]'`")) from None
    except MlflowException as error:
        # A worker that fails otherwise is started over and over.
        message = f"`basic-auth` does not start: {' '.join(str(error.message).split())}"
        raise PolicyError(Problem(message, "set what MLflow names there, and start the server again")) from None


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
    """Say why, and end the server: what supervises this process would start it over and over.

    A server that others serve goes on, and starts another one in the place of this worker later.
    """
    import multiprocessing
    import time

    from policy.gates.mlflow.server.workers import is_served, leave_folder
    from policy.source.masking import mask_passwords

    for problem in error.problems:
        where = f"{problem.location}: " if problem.location is not None else ""
        said, remedy = mask_passwords(f"{where}{problem.message}"), mask_passwords(problem.remedy)
        sys.stderr.write(f"error: {said}\n  help: {remedy}\n")
    sys.stderr.flush()
    served = is_served()
    leave_folder()
    if served:
        time.sleep(PAUSE)
    elif multiprocessing.parent_process() is not None:
        os.kill(os.getppid(), signal.SIGTERM)
    sys.exit(GUNICORN_ENDS if "gunicorn" in sys.modules and not served else 2)
