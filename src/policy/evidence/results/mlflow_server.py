"""Where the MLflow server is: by MLflow's own environment variables, which hold the credentials too, or the policy set.

Never by a manifest. And what a policy set names is asked without credentials: whoever proposes a change can propose
one of the policy set as well, and must not choose whom the credentials are sent to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS = "MLFLOW_TRACKING_URI"
# As MLflow's own client does: the user's name and password count before the token.
_USER, _PASSWORD, _TOKEN = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"


class NoRunError(Exception):
    """Why a run is not known. Where it is `minor`, nothing is amiss: nobody set up a server."""

    def __init__(self, reason: str, remedy: str = "", *, minor: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.minor = minor


class Server(NamedTuple):
    """The address of a tracking server, without a `/` at its end, the headers for it, and who names it."""

    address: str
    headers: dict[str, str]
    named_by: str


def find_server(environment: Mapping[str, str], address: str = "") -> Server:
    """The server of the environment, or else the one at the policy set's `address`; raises NoRunError."""
    from urllib.parse import unquote, urlsplit

    accept = {"Accept": "application/json"}
    written = environment.get(ADDRESS, "").strip()
    if not written and address:
        return Server(address, accept, "the policy set")
    if not written:
        raise NoRunError(f"{ADDRESS} is not set, so no run is looked up", minor=True)
    try:
        parts = urlsplit(written)
        named, port = parts.hostname, parts.port
    except ValueError:
        named = None
    if not named or parts.scheme not in ("http", "https") or parts.query or parts.fragment or not written.isprintable():
        message = f"{ADDRESS} is no http or https address, and runs are asked of a server only"
        raise NoRunError(message, "set it to the address of the tracking server", minor=True)
    host = f"[{named}]" if ":" in named else named
    address = f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"
    user = environment.get(_USER) or unquote(parts.username or "")
    password = environment.get(_PASSWORD) or unquote(parts.password or "")
    return Server(address, accept | _authorise(user, password, environment.get(_TOKEN, "")), ADDRESS)


def _authorise(user: str, password: str, token: str) -> dict[str, str]:
    if user and password:
        from base64 import b64encode

        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    if not token:
        return {}
    if not (token.isascii() and token.isprintable()):
        raise NoRunError(f"{_TOKEN} holds characters that no token has", "set it again, without a line break")
    return {"Authorization": f"Bearer {token}"}
