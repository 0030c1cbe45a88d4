"""The server's own interface in a bare application: its authentication is a table of users, all else is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from policy.app.runs.attempt import Attempt
from tests.gates.mlflow.server.conftest import HELD, SET, Sent, write_set

USERS = ("ada", "bob", "carol", "dan")
BASE = "/policy/api/1"


class Api(NamedTuple):
    guard: Any
    app: Any

    def ask(self, method: str, path: str, user: str = "bob", **more: Any) -> Any:
        """The answer of the interface; `user` is empty for nobody."""
        from werkzeug.datastructures import Authorization

        auth: Any = (user, "secret") if user else None
        if ":" in user:
            # Which no basic authentication can send, but a server may have another one.
            auth = Authorization("bearer", token=user)
        return self.app.test_client(use_cookies=False).open(BASE + path, method=method, auth=auth, **more)

    def act(self, request: str, act: str, user: str = "bob", **said: Any) -> Any:
        return self.ask("POST", f"/requests/{request}/{act}", user, json=said)

    def hold(self, user: str = "ada", sent: Sent = HELD, experiment: str = "support-x") -> str:
        """The request for a run that is held."""
        assert self.ask("PUT", f"/manifests/{sent.digest}", user, data=sent.body).status_code in (200, 201)
        binding = self.guard.panel.settings.find_binding(experiment, "1")
        admission = self.guard.hear(binding, Attempt("1", experiment, user, sent.digest))
        assert admission.asked is not None, admission
        return str(admission.asked.row.id)


@contextmanager
def open_api(folder: Path, text: str = SET) -> Iterator[Api]:
    """The interface over a policy set, with a ledger of its own."""
    from flask import Flask

    from policy.app.runs.panel import load_panel
    from policy.gates.mlflow.server.api.serving import add_api
    from policy.gates.mlflow.server.app import open_guard

    write_set(folder, text)
    config = str(folder / "policy.yaml")
    guard = open_guard(load_panel(config, str(folder)), config)
    app = Flask("api")
    add_api(app, guard)
    with guard.ledger:
        yield Api(guard, app)


def find_user() -> str | None:
    """Stands for the server's authentication."""
    from flask import request

    sent = request.authorization
    if sent is None:
        return None
    if sent.type == "bearer":
        return sent.token
    known = sent.username in USERS and sent.password == "secret"
    return sent.username if known else None
