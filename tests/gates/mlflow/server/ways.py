"""Ways to ask a server: as who, by which of its addresses, and in which form; and what is asked in these tests."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from policy.records.ledger import open_ledger
from policy.records.runs.queries import find_run
from policy.records.runs.rows import RunRow
from tests.gates.mlflow.server.conftest import GOOD, Sent
from tests.gates.mlflow.server.serving import PASSWORD, Answer, Server

ACTIVITY = "ml-manifest.activity"


# MLflow itself asks for these by their names in its interface.
REQUIRED = ("run_id", "experiment_id", "new_name", "model_id", "source_run_id", "model_json", "trace_ids")


class Way(NamedTuple):
    """Who asks, below which address, and whether the body is in camelCase."""

    user: str
    prefix: str
    camel: bool

    def __str__(self) -> str:
        return f"{self.user}{self.prefix}{'-camel' * self.camel}"

    def ask(self, server: Server, name: str, body: Any, method: str = "POST") -> Answer:
        """A call of MLflow's interface, `runs/create`, or with its version, `3.0/mlflow/…`."""
        path = name if name[0].isdigit() else f"2.0/mlflow/{name}"
        kept = () if name == "runs/create" else REQUIRED
        said = turn_camel(body, kept) if self.camel else body
        return server.ask(method, f"{self.prefix}/{path}", said, self.user)


# An ordinary user and an administrator, by both addresses, in both forms; basic-auth lets no ordinary user ask in
# camelCase.
WAYS = (
    Way("ada", "/api", camel=False),
    Way("ada", "/ajax-api", camel=False),
    Way("admin", "/api", camel=False),
    Way("admin", "/ajax-api", camel=True),
)
each_way = pytest.mark.parametrize("way", WAYS, ids=str)
# Every request costs basic-auth a tenth of a second: what is not about the address is tried by these.
two_ways = pytest.mark.parametrize("way", [WAYS[0], WAYS[-1]], ids=str)


def turn_camel(value: Any, kept: Collection[str] = ()) -> Any:
    """The same body with its keys in camelCase, as protobuf's JSON also reads them, but for some."""
    if isinstance(value, list):
        return [turn_camel(item, kept) for item in value]
    if isinstance(value, dict):
        return {name_key(key, kept): turn_camel(item, kept) for key, item in value.items()}
    return value


def name_key(key: str, kept: Collection[str]) -> str:
    return key if key in kept else re.sub(r"_(.)", lambda at: at[1].upper(), key)


def send(server: Server, sent: Sent, user: str) -> None:
    answer = server.ask("PUT", f"/policy/api/1/manifests/{sent.digest}", raw=sent.body, user=user)
    assert answer.status in (200, 201), answer


def make_tags(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def begin(server: Server, experiment: str, sent: Sent | None = GOOD, way: Way = WAYS[0], **tags: str) -> Answer:
    """Begin a run; `activity` and `parent` are short for their tags."""
    short = {"activity": ACTIVITY, "parent": "mlflow.parentRunId"}
    if sent is not None:
        send(server, sent, way.user)
    said = {short.get(key, key): value for key, value in tags.items()}
    body = {"experiment_id": experiment, "tags": [*(sent.tags if sent else ()), *make_tags(said)]}
    return way.ask(server, "runs/create", body)


def start(server: Server, experiment: str, sent: Sent | None = GOOD, way: Way = WAYS[0], **tags: str) -> str:
    """A run that begins."""
    answer = begin(server, experiment, sent, way, **tags)
    assert answer.status == 200, answer
    return str(answer.body["run"]["info"]["run_id"])


def hold(server: Server, experiment: str, sent: Sent, way: Way = WAYS[0]) -> str:
    """A run that waits."""
    answer = begin(server, experiment, sent, way)
    assert answer.status == 403, answer
    found = re.search(r"The run ([0-9a-f]{32}) waits", answer.body["message"])
    assert found is not None, answer
    return found[1]


def make_model(server: Server, experiment: str, run: str = "", user: str = "ada") -> Answer:
    """A logged model without files."""
    body = {"experiment_id": experiment, "name": "m", **({"source_run_id": run} if run else {})}
    return server.call("logged-models", body, user)


def get_run(server: Server, run: str) -> dict[str, Any]:
    answer = server.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", user="admin")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body["run"]
    return found


def read_tags(server: Server, run: str) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in get_run(server, run)["data"].get("tags", [])}


def list_runs(server: Server, experiment: str) -> list[str]:
    body = {"experiment_ids": [experiment], "run_view_type": "ALL"}
    return [run["info"]["run_id"] for run in server.call("runs/search", body, "admin").body.get("runs", [])]


def find_row(server: Server, run: str) -> RunRow | None:
    """What the ledger says of a run."""
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        return find_run(ledger, "mlflow", run)


def get_state(server: Server, run: str) -> str:
    row = find_row(server, run)
    return row.state if row is not None else ""


def assert_refused(answer: Answer, *said: str) -> None:
    """A 403 in MLflow's form that says so."""
    assert answer.status == 403, answer
    assert answer.body["error_code"] == "PERMISSION_DENIED"
    assert answer.body["message"].startswith("Tunegate: ")
    for text in said:
        assert text in answer.body["message"], answer.body["message"]


@contextmanager
def use_client(server: Server, user: str) -> Iterator[Any]:
    """MLflow's own client of a server, as somebody, with nothing of ours in it."""
    import mlflow
    from mlflow.tracking._tracking_service import utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", user)
        patch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        patch.setenv("POLICY_OFF", "1")
        patch.setitem(utils._tracking_store_registry._registry, "http", utils._get_rest_store)
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        # Another test may have left ours behind.
        utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(server.url)
        try:
            yield mlflow
        finally:
            while mlflow.active_run() is not None:
                mlflow.end_run()
            mlflow.set_tracking_uri(before)
            utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()
