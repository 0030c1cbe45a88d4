"""The requests of a server, over its interface: what is listed and shown there, and what somebody does to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.remote_address import PASSWORD, USER, find_headers, read_address
from policy.app.approvals.remote_views import read_requests
from policy.errors import PolicyError, Problem
from policy.records.requests.refusals import RefusedError
from policy.structs import NamedTuple
from policy.web import make_opener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse
    from urllib.error import HTTPError

    from policy.app.approvals.remote_views import Requests

BASE: Final = "/policy/api/1"
SECONDS: Final = 60.0
LARGEST: Final = 32 * 1024 * 1024
LONGEST: Final = 4_000
PAGE: Final = "500"
PAGES: Final = 1_000


class Remote(NamedTuple):
    """A server, and the headers that say who asks. Every method raises PolicyError."""

    address: str
    headers: Mapping[str, str]
    proxied: bool

    def list_requests(self, filters: Mapping[str, str]) -> Requests:
        """All requests that fit, page by page."""
        from urllib.parse import urlencode

        found: list[Any] = []
        after = {"limit": PAGE}
        for _ in range(PAGES):
            answer = self._ask("GET", f"/requests?{urlencode({**filters, **after})}")
            requests = answer.get("requests")
            found += requests if isinstance(requests, list) else [requests]
            if not isinstance(answer.get("next"), str):
                return read_requests({**answer, "requests": found}, self.address)
            after = {"limit": PAGE, "after": answer["next"]}
        raise PolicyError(Problem(f"{self.address} has more requests than can be listed", "name a project"))

    def show(self, request: str) -> Requests:
        """One request."""
        return read_requests(self._ask("GET", f"/requests/{_quote(request)}"), self.address)

    def act(self, request: str, act: str, said: Mapping[str, str]) -> Requests:
        """Do something to a request, and how it stands then."""
        return read_requests(self._ask("POST", f"/requests/{_quote(request)}/{act}", said), self.address)

    def _ask(self, method: str, path: str, said: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The document that is answered. Nothing is redirected: credentials are for this server only."""
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        head = {"Accept": "application/json", "User-Agent": "tunegate", **self.headers}
        data = None
        if said is not None:
            data = json.dumps(said).encode()
            head["Content-Type"] = "application/json"
        request = Request(f"{self.address}{BASE}{path}", data, head, method=method)  # noqa: S310 - looked at before
        try:
            with make_opener(proxied=self.proxied).open(request, timeout=SECONDS) as response:
                return _read_answer(response, self.address)
        except HTTPError as fault:
            with fault:
                raise self._explain(fault) from None
        except OSError as fault:
            cause = getattr(fault, "reason", fault)
            said_so = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            problem = Problem(
                f"{self.address} cannot be reached: {said_so}", "is the address right, and the server up?"
            )
            raise PolicyError(problem) from None
        except (HTTPException, ValueError, RecursionError):
            raise refuse_answer(self.address) from None

    def _explain(self, fault: HTTPError) -> PolicyError:
        """What the server refuses, in its own words where it has some."""
        if 300 <= fault.code < 400:
            message = f"{self.address} sends on to another address, which is not followed"
            return PolicyError(Problem(message, "name the address that it sends to, if that is the server"))
        said = _read_refusal(fault)
        message = str(said.get("message") or f"{self.address} answers with {fault.code}")[:LONGEST]
        remedy = str(said.get("remedy") or "")[:LONGEST]
        if fault.code == 401:
            told = "does not take the user and password" if self.headers else "asks who you are"
            remedy = f"set {USER} and {PASSWORD}, as for MLflow's client"
            return PolicyError(Problem(f"{self.address} {told}", remedy))
        if fault.code == 404 and "error_code" not in said:
            return PolicyError(
                Problem(f"{self.address} has no approvals: {fault.code}", "is Tunegate's app in force there?")
            )
        kind = RefusedError if fault.code in (403, 409) else PolicyError
        return kind(Problem(message, remedy or "ask whoever keeps the server"))


def open_remote(server: str, environment: Mapping[str, str]) -> Remote:
    """A server at an address, with the credentials of MLflow's client. Raises PolicyError."""
    address = read_address(server)
    return Remote(address.text, find_headers(address, environment), not address.local)


def refuse_answer(address: str) -> PolicyError:
    """That something else answers."""
    return PolicyError(Problem(f"{address} does not answer as Tunegate's server does", "is the address right?"))


def _quote(request: str) -> str:
    from urllib.parse import quote

    return quote(request, safe="")


def _read_answer(response: HTTPResponse, address: str) -> dict[str, Any]:
    data = response.read(LARGEST + 1)
    found = json.loads(data) if len(data) <= LARGEST else None
    if not isinstance(found, dict):
        raise refuse_answer(address)
    return found


def _read_refusal(fault: HTTPError) -> dict[str, Any]:
    try:
        said = json.loads(fault.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}
