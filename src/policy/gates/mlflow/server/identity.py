"""Who asks: whom the server's own authentication has seen, and never what a request says of itself."""

from __future__ import annotations

from typing import Final

from policy.app.runs.admitting import NOBODY
from policy.records.people import fold_name

SERVER: Final = "mlflow-server"
"""What works inside of the server without a request, such as one of its jobs."""

USER: Final = " (user)"


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
        return ask_basic_auth() or NOBODY
    return name_user(seen)


def ask_basic_auth() -> str | None:
    """The user of the request by basic-auth itself; None where it lets nobody in."""
    from mlflow.server import auth

    seen = getattr(auth.authenticate_request(), "username", None)
    return name_user(seen) if seen else None


def name_user(seen: str) -> str:
    """What a user is called here: one may be called anything, and is neither nobody nor the server."""
    bare = seen
    while bare.endswith(USER):
        bare = bare.removesuffix(USER)
    return f"{seen}{USER}" if fold_name(bare) in map(fold_name, (SERVER, NOBODY)) else seen
