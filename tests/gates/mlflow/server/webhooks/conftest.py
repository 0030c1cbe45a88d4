"""The interface over a ledger, with somebody who is told of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.app.runs.attempt import Attempt
from policy.records.runs.uploads import put_upload
from tests.gates.mlflow.server.api import Api, find_user, open_api
from tests.gates.mlflow.server.conftest import HELD, SET
from tests.gates.mlflow.server.webhooks.receiver import SECRET, Receiver, receiving

VARIABLE = "POLICY_WEBHOOK_SECRET"


def write_hooks(*entries: str) -> str:
    """A policy set with webhooks."""
    return SET.replace("  app: basic-auth\n", f"  app: basic-auth\n  webhooks: [{', '.join(entries)}]\n")


def hold(api: Api) -> str:
    """A request for a run that is held, by whom this process takes the asker to be."""
    put_upload(api.guard.ledger, "ada", HELD.digest, HELD.body)
    binding = api.guard.panel.settings.find_binding("support-x", "1")
    asked = api.guard.hear(binding, Attempt("1", "support-x", "ada", HELD.digest)).asked
    return str(asked.row.id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Iterator[Api]:
    """A server's interface whose webhook the receiver is."""
    monkeypatch.setattr("policy.gates.mlflow.server.api.serving.ask_basic_auth", find_user)
    hook = f"{{url: '{receiver.url}', secret_env: {VARIABLE}, server_url: 'https://mlflow.example.com/'}}"
    with open_api(tmp_path, write_hooks(hook)) as opened:
        yield opened
