"""JSON asked of a server, which is not believed to end, to fit, or to be the one that was meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from policy.app.servers.address import PASSWORD, USER, find_headers, read_address
from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple
from policy.web import make_opener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse
    from urllib.error import HTTPError

SECONDS: Final = 60.0
"""How long it may say nothing."""
SECONDS_AN_ANSWER: Final = 120.0
LARGEST: Final = 64 * 1024 * 1024
CHUNK: Final = 1024 * 1024
LONGEST: Final = 500
"""Characters of what it says that are shown."""


class Answer(NamedTuple):
    """What was asked, without its query, and the document that was answered; empty where a fault comes without one."""

    asked: str
    status: int
    document: dict[str, Any]


class Service(NamedTuple):
    """A server, the headers that say who asks, and what should answer there, in words. Methods raise PolicyError."""

    address: str
    headers: Mapping[str, str]
    proxied: bool
    expected: str

    def ask(self, path: str, said: Mapping[str, Any] | None = None, *, method: str = "") -> Answer:
        """What is answered, also where that is a fault. Nothing is redirected: credentials are for this server only."""
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        head, data = {"Accept": "application/json", "User-Agent": "tunegate", **self.headers}, None
        if said is not None:
            data, head["Content-Type"] = json.dumps(said).encode(), "application/json"
        request = Request(self.address + path, data, head, method=method or None)  # noqa: S310 - looked at before
        shown = path.partition("?")[0]
        try:
            with make_opener(proxied=self.proxied).open(request, timeout=SECONDS) as response:
                found = json.loads(self._read(response, shown))
                status: int = response.status
        except HTTPError as fault:
            with fault:
                return Answer(shown, fault.code, _read_fault(fault))
        except OSError as fault:
            cause = getattr(fault, "reason", fault)
            text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            message = f"{self.address} cannot be reached: {text[:LONGEST]}"
            raise PolicyError(Problem(message, "is the address right, and the server up?")) from None
        except (HTTPException, ValueError, RecursionError):
            self.refuse(f"{shown} gives no JSON")
        if not isinstance(found, dict):
            self.refuse(f"{shown} gives no object")
        return Answer(shown, status, found)

    def _read(self, response: HTTPResponse, shown: str) -> bytes:
        """A body, neither endless nor endlessly slow."""
        from time import monotonic

        ends, data = monotonic() + SECONDS_AN_ANSWER, bytearray()
        while some := response.read1(CHUNK):
            data += some
            if len(data) > LARGEST:
                self.refuse(f"{shown} gives more than {LARGEST:,} bytes")
            if monotonic() > ends:
                raise TimeoutError(f"{shown} is not answered to the end in {SECONDS_AN_ANSWER:.0f} s")
        return bytes(data)

    def refuse(self, what: str) -> NoReturn:
        """Raises: something else answers there."""
        message = f"{self.address} does not answer as {self.expected} does: {what}"
        raise PolicyError(Problem(message, "is the address right?"))

    def explain(self, answer: Answer) -> PolicyError:
        """Why it does not do what is asked, in its own words where it has some."""
        if 300 <= answer.status < 400:
            message = f"{self.address} sends on to another address, which is not followed"
            return PolicyError(Problem(message, "name the address that it sends to, if that is the server"))
        if answer.status == 401:
            told = "does not take the user and password" if self.headers else "asks who you are"
            return PolicyError(Problem(f"{self.address} {told}", f"set {USER} and {PASSWORD}, as for MLflow's client"))
        text = str(answer.document.get("message") or "")[:LONGEST]
        message = f"{self.address} answers with {answer.status} to {answer.asked}: {text}".removesuffix(": ")
        return PolicyError(Problem(message, f"is it {self.expected}, and up?"))


def open_service(address: str, environment: Mapping[str, str], expected: str, named: str) -> Service:
    """A server at an address that was `named` so, with the credentials of MLflow's client. Raises PolicyError."""
    place = read_address(address, named)
    return Service(place.text, find_headers(place, environment), not place.local, expected)


def _read_fault(fault: HTTPError) -> dict[str, Any]:
    try:
        said = json.loads(fault.read(CHUNK))
    except (OSError, ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}
