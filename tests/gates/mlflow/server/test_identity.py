from __future__ import annotations

import pytest

pytest.importorskip("flask", reason="needs the extra `mlflow`")

import flask

from policy.app.runs.admitting import NOBODY
from policy.gates.mlflow.server.identity import SERVER, find_principal


@pytest.mark.parametrize(
    ("user", "principal"),
    [("ada", "ada"), (SERVER, f"{SERVER} (user)"), (NOBODY, f"{NOBODY} (user)")],
)
def test_a_user_is_who_was_authenticated_and_never_the_server_itself(user, principal):
    with flask.Flask("x").test_request_context(headers={"X-User": "root"}):
        flask.g.mlflow_authenticated_user = user
        assert find_principal(authenticated=True) == principal
        assert find_principal(authenticated=False) == NOBODY


def test_without_a_request_it_is_the_server():
    assert find_principal(authenticated=True) == SERVER
