from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("flask", reason="needs the extra `mlflow`")

import flask

from policy.app.runs.admitting import NOBODY
from policy.gates.mlflow.server.identity import SERVER, ask_basic_auth, find_principal, name_user


@pytest.mark.parametrize(
    ("user", "principal"),
    [
        ("ada", "ada"),
        ("ada (user)", "ada (user)"),
        (SERVER, f"{SERVER} (user)"),
        (NOBODY, f"{NOBODY} (user)"),
        (NOBODY.upper(), f"{NOBODY.upper()} (user)"),
        # Two users are two people.
        (f"{NOBODY} (user)", f"{NOBODY} (user) (user)"),
    ],
)
def test_a_user_is_who_was_authenticated_and_never_the_server_itself(user, principal):
    with flask.Flask("x").test_request_context(headers={"X-User": "root"}):
        flask.g.mlflow_authenticated_user = user
        assert find_principal(authenticated=True) == principal
        assert name_user(user) == principal
        assert find_principal(authenticated=False) == NOBODY


def test_without_a_request_it_is_the_server():
    assert find_principal(authenticated=True) == SERVER


def test_who_decides_is_called_as_who_asks(monkeypatch):
    for user, name in ((NOBODY, f"{NOBODY} (user)"), ("ada", "ada"), ("", None), (None, None)):
        seen = SimpleNamespace(authenticate_request=lambda user=user: SimpleNamespace(username=user))
        monkeypatch.setitem(sys.modules, "mlflow.server", SimpleNamespace(auth=seen))
        assert ask_basic_auth() == name
