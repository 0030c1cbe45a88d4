"""Where a server is that requests are sent to, and who asks there: as MLflow's own client knows it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

USER: Final = "MLFLOW_TRACKING_USERNAME"
PASSWORD: Final = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - a variable's name
TOKEN: Final = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - as above
FILE: Final = os.path.join("~", ".mlflow", "credentials")
EXAMPLE: Final = "https://mlflow.example.com"


class Address(NamedTuple):
    """Without a `/` at its end; `local` where it is this machine's own, so that nobody listens on the way."""

    text: str
    local: bool
    safe: bool


def read_address(text: str, named: str = "`--server`") -> Address:
    """The address of a server. Raises PolicyError for anything else, and where credentials stand in it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text) if text.isprintable() and text.isascii() else None
        host, port = (parts.hostname, parts.port) if parts is not None else (None, None)
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or not host or not _is_plain(parts):
        raise PolicyError(Problem(f"{named} is no http or https address", f"write one such as {EXAMPLE}"))
    if "@" in parts.netloc:
        message = "the address of the server holds credentials, which others can read in the list of processes"
        raise PolicyError(Problem(message, f"take them out, and set {USER} and {PASSWORD}"))
    shown = f"[{host}]" if ":" in host else host
    place = f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"
    local = is_loopback(host)
    return Address(place, local, local or parts.scheme == "https")


def _is_plain(parts: SplitResult) -> bool:
    ends = parts.query or parts.fragment or "\\" in parts.geturl() or " " in parts.geturl()
    return parts.scheme in ("http", "https") and not ends


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself; what it is in some other spelling is not believed."""
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def find_headers(address: Address, environment: Mapping[str, str], file: str = FILE) -> dict[str, str]:
    """The headers that say who asks, none where nobody does. Raises PolicyError where others could read them."""
    kept = read_file(os.path.expanduser(file))
    user, password = (environment.get(name) or kept.get(name.lower(), "") for name in (USER, PASSWORD))
    token = environment.get(TOKEN, "")
    if not (user and password) and not token:
        return {}
    if not address.safe:
        message = f"{address.text} is asked in plain text, in which everybody on the way could read the password"
        raise PolicyError(Problem(message, "name the server by https; plain http is for this machine itself"))
    if user and password:
        from base64 import b64encode

        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    if not (token.isascii() and token.isprintable()):
        raise PolicyError(Problem(f"{TOKEN} holds characters that no token has", "set it again, without a line break"))
    return {"Authorization": f"Bearer {token}"}


def read_file(path: str) -> Mapping[str, str]:
    """What MLflow's file of credentials says. Raises PolicyError where it cannot be read."""
    from configparser import ConfigParser, Error

    parser = ConfigParser()
    try:
        with open(path, encoding="utf-8") as stream:
            parser.read_file(stream)
        return dict(parser["mlflow"]) if parser.has_section("mlflow") else {}
    except FileNotFoundError:
        return {}
    except (OSError, Error, UnicodeDecodeError):
        # What the parser says of a line would show the password in it.
        remedy = f"write `[mlflow]`, `{USER.lower()} = …` and `{PASSWORD.lower()} = …` in it, `%%` for a `%`"
        raise PolicyError(Problem(f"the credentials in `{path}` cannot be read", remedy)) from None
