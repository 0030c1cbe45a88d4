"""Who asks: whom the server's own authentication has seen, and never what a request says of itself."""

from __future__ import annotations

from typing import Final

from policy.app.runs.admitting import NOBODY

SERVER: Final = "mlflow-server"
"""What works inside of the server without a request, such as one of its jobs."""


def find_principal(*, authenticated: bool) -> str:
    """The user of the request that is served; `authenticated` where the server asks who somebody is."""
    from flask import g, has_request_context

    if not has_request_context():
        return SERVER
    if not authenticated:
        return NOBODY
    seen = getattr(g, "mlflow_authenticated_user", None)
    if not seen:
        # Up to 3.11 the server does not note whom it has let in.
        seen = ask_basic_auth()
    # A user may be called anything, and is none of these.
    return f"{seen} (user)" if seen in (SERVER, NOBODY) else seen or NOBODY


def ask_basic_auth() -> str | None:
    """The user of the request by basic-auth itself; None where it lets nobody in."""
    from mlflow.server import auth

    answer = auth.authenticate_request()
    return getattr(answer, "username", None)
