"""Results, entries and runs as tests write them, and a web server that answers as it is told."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from policy.errors import Location
from policy.model.fact import Fact, Members
from policy.plugins.contracts import Evidence

TASK = "tone"


def write_lm_eval(score: float, error: Any = 0.03, **changes: Any) -> str:
    """A results file of one task with one metric; `changes` replace what it says of the task."""
    told = {
        "metric": "style",
        "version": 1.0,
        "shots": 0,
        "count": 60,
        "digest": "a" * 64,
        "higher": True,
        **changes,
    }
    metric = told["metric"]
    root = {
        "results": {TASK: {"alias": TASK, f"{metric},none": score, f"{metric}_stderr,none": error}},
        "versions": {TASK: told["version"]},
        "n-shot": {TASK: told["shots"]},
        "n-samples": {TASK: {"original": 60, "effective": told["count"]}},
        "higher_is_better": {TASK: {metric: told["higher"]}},
        "task_hashes": {} if told["digest"] is None else {TASK: told["digest"]},
    }
    return json.dumps(root, indent=2)


def write_samples(values: list[float], metric: str = "style", prompt: str = "p", first: int = 0) -> str:
    """The samples of such a task; those with the same `first` are of the same questions."""
    rows = (
        {
            "doc_id": number,
            "filter": "none",
            "metrics": [metric],
            "doc_hash": f"d{first + number}",
            "prompt_hash": f"{prompt}{number}",
            "target_hash": f"t{first + number}",
            metric: value,
        }
        for number, value in enumerate(values)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def declare(*members: dict[str, Any]) -> Fact:
    """What a manifest says under `tried`, each entry on a line of its own."""
    items = tuple(
        {name: Fact(name, value, location=Location("ml-manifest.yaml", line, 5)) for name, value in member.items()}
        for line, member in enumerate(members, 10)
    )
    return Fact("tried", Members(items, complete=True), location=Location("ml-manifest.yaml", 9, 1))


class Told:
    """What a collector found, as plain values."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.values = {fact.path: fact.value for fact in evidence.facts if fact.path != "tried"}
        tried = [fact for fact in evidence.facts if fact.path == "tried"]
        observed, claimed = (
            [item for fact in tried if fact.origin == origin for item in fact.value.items]
            for origin in ("observed", "declared")
        )
        # What stands by the manifest's word, since nobody could be asked.
        self.claimed = [{name: (fact.value, fact.origin) for name, fact in item.items()} for item in claimed]
        items = observed
        plain = [{name: fact.value for name, fact in item.items()} for item in items]
        # Whether what an entry names is there, by that name; and what is told of it where it is.
        self.found = {item.get("results") or item["run"]: item.pop("result_found") for item in plain}
        self.tried = [item for item in plain if self.found[item.get("results") or item["run"]]]
        self.problems = [(problem.level, str(problem).partition("\n")[0]) for problem in evidence.problems]
        self.unavailable = dict(evidence.unavailable)


def write_run(run_id: str, metrics: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What MLflow answers of a run."""
    info = {"run_id": run_id, "status": "FINISHED", "lifecycle_stage": "active", **changes.get("info", {})}
    data = {
        "metrics": [{"key": name, "value": value, "timestamp": "1", "step": "0"} for name, value in metrics.items()],
        "params": [{"key": name, "value": value} for name, value in changes.get("params", {}).items()],
    }
    inputs = [
        {
            "dataset": {"name": name, "digest": digest, "source_type": "local"},
            "tags": [{"key": "mlflow.data.context", "value": context}],
        }
        for name, digest, context in changes.get("datasets", ())
    ]
    return {"run": {"info": info, "data": data, "inputs": {"dataset_inputs": inputs}}}


class Answer:
    """What the server of a test answers: a status, headers, and a body of so many `copies`; or nothing at all."""

    def __init__(self, body: Any = b"", status: int = 200, copies: int = 1, **headers: str) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.copies = copies
        self.headers = headers


class Server:
    """A web server on this machine. `answers` go by the path's end; `asked` holds the requests that came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | None] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.released = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers.items())))
                found = [answer for end, answer in outer.answers.items() if self.path.endswith(end)]
                if found and found[0] is None:
                    outer.released.wait(60)
                    return
                answer = found[0] if found else Answer(status=404)
                assert answer is not None
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for _ in range(answer.copies):
                        self.wfile.write(answer.body)
                except OSError:
                    pass  # the client has read enough

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
