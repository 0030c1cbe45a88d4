"""What the guard adds to a server of MLflow: calls to one with it and to one without, in turn."""

from __future__ import annotations

import json
import os
import random
import tempfile
import urllib.request
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved
from tests.gates.mlflow.server.serving import Server, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROUNDS = int(os.environ.get("MLFLOW_ROUNDS", "400"))
RESAMPLES = 2000
GUARD = Budget(1.05, " x")
SET = """\
policy_set: 1
name: bench
policies: [catalogue]
gates: {run: {mode: flag, on_error: flag}, release: {mode: flag, on_error: flag}}
ledger: sqlite:///ledger.db
mlflow: {without_manifest: advise, experiments: [{name: governed, project: bench}]}
"""
MANIFEST = {"manifest": 1, "project": "bench", "approach": "fine-tuning", "data": {"change_interval": "90d"}}


class Way(NamedTuple):
    """Calls that are compared with those to the plain server: their medians, and the paired differences."""

    name: str
    plain: Sequence[float]
    guarded: Sequence[float]

    @property
    def ratio(self) -> float:
        return median(self.guarded) / median(self.plain)

    def differ(self) -> tuple[float, float, float]:
        """The median of the paired differences in milliseconds, and the interval that holds it in 95 of 100 samples."""
        pairs = [(more - less) * 1000 for more, less in zip(self.guarded, self.plain, strict=True)]
        chance = random.Random(1)
        medians = sorted(median(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
        return median(pairs), medians[RESAMPLES // 40], medians[-RESAMPLES // 40]


class Client:
    """One experiment at one server."""

    def __init__(self, server: Server, experiment: str, tags: list[dict[str, str]]) -> None:
        self.server = server
        self.experiment = server.make_experiment(experiment)
        self.tags = tags
        self.run = ""
        self.begin()

    def begin(self) -> None:
        """Begin a run."""
        body = {"experiment_id": self.experiment, "tags": self.tags, "start_time": 1}
        self.run = self._send("runs/create", body)["run"]["info"]["run_id"]

    def log(self) -> None:
        """Log one batch."""
        metrics = [{"key": f"m{number}", "value": 1.0, "timestamp": 1, "step": 1} for number in range(10)]
        self._send("runs/log-batch", {"run_id": self.run, "metrics": metrics})

    def _send(self, name: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.server.url}/api/2.0/mlflow/{name}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())


def run() -> bool:
    """Print the table; whether the guard itself stays within its budget."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        clients = start(Path(folder), stack)
        ways = [
            *compare("runs/create", clients, lambda client: client.begin),
            *compare("runs/log-batch", clients, lambda client: client.log),
        ]
    rows = [
        (
            way.name,
            f"{median(way.plain) * 1000:.2f} ms",
            f"{median(way.guarded) * 1000:.2f} ms",
            f"{way.ratio:.3f}",
            "{:+.2f} ms ({:+.2f} to {:+.2f})".format(*way.differ()),
            "" if "recorded" in way.name else GUARD.say(way.ratio),
        )
        for way in ways
    ]
    method = f"{ROUNDS} calls of each kind in turn over HTTP, one worker each, SQLite; medians, and paired differences."
    print_table("MLflow with the guard", method, ("call", "plain", "guarded", "ratio", "difference", "budget"), rows)
    return all(GUARD.is_met(way.ratio) for way in ways if "recorded" not in way.name)


def start(folder: Path, stack: ExitStack) -> dict[str, Client]:
    """A plain server, and one with the guard: an experiment that nothing governs, and one whose runs are recorded."""
    from policy.model.canonical import canonical_json
    from policy.records.ledger import create_ledger

    plain, guarded = folder / "plain", folder / "guarded"
    for place in (plain, guarded):
        place.mkdir()
    (guarded / "policy.yaml").write_text(SET)
    create_ledger(f"sqlite:///{guarded}/ledger.db").close()
    without = stack.enter_context(serve(plain, app=""))
    server = stack.enter_context(serve(guarded))
    body = canonical_json({"format": "policy-run-manifest/1", "manifest": MANIFEST})
    digest = f"sha256:{sha256(body).hexdigest()}"
    server.ask("PUT", f"/policy/api/1/manifests/{digest}", raw=body)
    tags = [{"key": "ml-manifest.digest", "value": digest}]
    return {
        "plain": Client(without, "free", tags),
        "guard": Client(server, "free", tags),
        "recorded": Client(server, "governed", tags),
    }


def compare(call: str, clients: Mapping[str, Client], find: Callable[[Client], Callable[[], object]]) -> list[Way]:
    """The same call to each, in turn."""
    times = time_interleaved({name: find(client) for name, client in clients.items()}, ROUNDS)
    names = {"guard": "not governed", "recorded": "governed, recorded"}
    return [Way(f"{call}, {said}", times["plain"].seconds, times[name].seconds) for name, said in names.items()]
