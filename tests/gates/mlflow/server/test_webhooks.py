"""A real server tells a real receiver of a request: each thing once, signed, in order."""

from __future__ import annotations

import threading
import time

from tests.gates.mlflow.server.conftest import HELD, write_set
from tests.gates.mlflow.server.serving import serve
from tests.gates.mlflow.server.test_approving import find_request
from tests.gates.mlflow.server.test_metrics import read_values
from tests.gates.mlflow.server.test_runs import begin
from tests.gates.mlflow.server.webhooks.conftest import VARIABLE, write_hooks
from tests.gates.mlflow.server.webhooks.receiver import SECRET, receiving


def test_whoever_decides_is_told_and_a_link_never_acts(tmp_path):
    with receiving() as receiver:
        hook = f"{{url: '{receiver.url}', secret_env: {VARIABLE}, server_url: 'https://mlflow.example.com'}}"
        folder = write_set(tmp_path, write_hooks(hook))
        with serve(folder, auth=True, environment={VARIABLE: SECRET}) as server:
            for name in ("ada", "bob"):
                server.make_user(name)
            experiment = server.make_experiment("support-told", "ada")
            request = find_request(begin(server, experiment, HELD).body["message"])
            await_notices(receiver, 1)
            opened = receiver.got[0].said
            assert (opened["request"], opened["event"], opened["gate"]) == (request, "opened", "run")
            link = opened["link"].removeprefix("https://mlflow.example.com")
            shown = server.ask("GET", link, user="bob")
            assert (shown.status, shown.body["requests"][0]["state"]) == (200, "pending")
            assert server.ask("GET", link).status == 401
            assert server.ask("POST", f"{link}/approve", {}, "bob").status == 200
            await_notices(receiver, 2)
            values = read_values(server.ask("GET", "/policy/api/1/metrics", user="ada").body)
            log = server.log
    assert receiver.events == ["opened", "decided"]
    assert all(got.is_signed() for got in receiver.got)
    assert receiver.got[1].said["state"] == "approved"
    assert values['policy_webhooks_total{outcome="delivered"}'] >= 1
    assert SECRET not in log


def await_notices(receiver, count):
    waiting, ends = threading.Event(), time.monotonic() + 300
    while len(receiver.got) < count and time.monotonic() < ends:
        waiting.wait(0.05)
    assert len(receiver.got) >= count
