"""What the gate has done, for Prometheus: of all workers of a server together."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.workers import is_awaiting, share_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.runs.attempt import Admission

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
LIVE: Final = re.compile(r"gauge_live[a-z]*_([0-9]+)\.db")
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# From a cached answer to a ledger in another building, in seconds.
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts what this worker does; `render` tells what all of them did."""

    def __init__(self, spool: Callable[[], int], awaits: Callable[[], bool] = lambda: False) -> None:
        prepare_folder()
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        own = self._registry = CollectorRegistry()
        self.attempts = Counter(
            "policy_attempts", "Runs and releases that were asked for.", ["gate", "state"], registry=own
        )
        self.decisions = Counter("policy_decisions", "Decisions, by their verdict.", ["gate", "verdict"], registry=own)
        self.outcomes = Counter(
            "policy_outcomes", "Policies that did not pass.", ["gate", "policy", "outcome"], registry=own
        )
        self.latency = Histogram(
            "policy_hearing_seconds", "How long judging took.", ["gate"], buckets=BUCKETS, registry=own
        )
        self.opened = Counter("policy_fail_open", "What passed that was not judged or not recorded.", registry=own)
        self.broken = Counter("policy_broken_glass", "Glass broken while the ledger was down.", registry=own)
        self.unloaded = Counter("policy_reload_faults", "Changes of policies that could not be used.", registry=own)
        self.spooled = Gauge(
            "policy_spool_bytes", "What waits to be recorded.", multiprocess_mode="livemostrecent", registry=own
        )
        self.told = Counter("policy_webhooks", "What came of telling somebody of a request.", ["outcome"], registry=own)
        self.waiting = Gauge(
            "policy_webhooks_pending",
            "Notices that nobody has taken yet.",
            multiprocess_mode="livemostrecent",
            registry=own,
        )
        self.awaited = Gauge(
            "policy_ledger_awaited",
            "Whether a worker has not reached the ledger since it started.",
            multiprocess_mode="livemostrecent",
            registry=own,
        )
        self._spool, self._awaits = spool, awaits

    def count(self, admission: Admission, gate: str) -> None:
        """Note what came of an attempt."""
        self.attempts.labels(gate, admission.state).inc()
        decision = admission.decision
        if decision is None:
            return
        self.decisions.labels(gate, decision.verdict).inc()
        for outcome in decision.outcomes:
            if outcome.outcome in ("fail", "unknown", "error"):
                self.outcomes.labels(gate, outcome.policy, outcome.outcome).inc()

    def render(self) -> bytes:
        """Everything in the form that Prometheus reads."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        self.spooled.set(self._spool())
        # Who is asked tells of all workers.
        self.awaited.set(self._awaits() or is_awaiting())
        registry: Any = self._registry
        if folder := os.environ.get(FOLDER):
            bury_workers(folder)
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it is half typed
        return generate_latest(registry)


def prepare_folder() -> None:
    """Where the workers of one server tell each other; one that works alone keeps it in memory."""
    if not os.environ.get(FOLDER) and (path := share_folder()):
        os.environ[FOLDER] = path


def bury_workers(folder: str) -> None:
    """Remove how things stood for workers that are gone; what they have counted stays."""
    from prometheus_client import multiprocess

    if sys.platform == "win32":
        return  # asking for a process would end it
    for name in os.listdir(folder):
        found = LIVE.fullmatch(name)
        if found is not None and not is_alive(int(found[1])):
            multiprocess.mark_process_dead(found[1], folder)  # type: ignore[no-untyped-call] # as above


def is_alive(process: int) -> bool:
    """Whether there is a process of a number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
