"""Asking an MLflow server over its REST interface, page by page; what it answers is not believed to end, or to fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from policy.app.approvals.remote_address import PASSWORD, USER, find_headers, read_address
from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple
from policy.web import make_opener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse
    from urllib.error import HTTPError

BASE: Final = "/api/2.0/mlflow"
SECONDS: Final = 30.0
"""How long it may say nothing."""
SECONDS_A_PAGE: Final = 120.0
LARGEST: Final = 64 * 1024 * 1024
CHUNK: Final = 1024 * 1024
LONGEST: Final = 500
PAGES: Final = 100_000
EMPTY_PAGES: Final = 100
MISSING: Final = "RESOURCE_DOES_NOT_EXIST"


class MissingError(PolicyError):
    """The server has no such thing."""


class RemoteServer(NamedTuple):
    """A tracking server, and the headers that say who asks. Every method raises PolicyError."""

    address: str
    headers: Mapping[str, str]
    proxied: bool

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """What is answered to a GET."""
        from urllib.parse import urlencode

        return self._ask(f"{path}?{urlencode(query)}", None)

    def post(self, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is answered to a POST, which here only searches."""
        return self._ask(path, json.dumps(said).encode())

    def iterate(self, path: str, key: str, said: Mapping[str, Any], *, posts: bool) -> Iterator[dict[str, Any]]:
        """All that a search finds, a page in memory at a time."""
        token, empty = "", 0
        for _ in range(PAGES):
            asked = {**said, **({"page_token": token} if token else {})}
            answer = self.post(path, asked) if posts else self.get(path, asked)
            found, after = answer.get(key, []), answer.get("next_page_token") or ""
            if not isinstance(found, list) or not isinstance(after, str):
                self.refuse(f"{path} has no list of `{key}`")
            for item in found:
                if not isinstance(item, dict):
                    self.refuse(f"an entry of `{key}` is no object")
                yield item
            empty = 0 if found else empty + 1
            if not after:
                return
            if after == token or empty > EMPTY_PAGES:
                break
            token = after
        self.refuse(f"the pages of {path} do not end")

    def refuse(self, what: str) -> NoReturn:
        """Raises: it does not answer as an MLflow server does."""
        message = f"{self.address} does not answer as an MLflow server does: {what}"
        raise PolicyError(Problem(message, "is the address right?"))

    def _ask(self, path: str, data: bytes | None) -> dict[str, Any]:
        """The object that is answered. Nothing is redirected: credentials are for this server only."""
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        head = {"Accept": "application/json", "User-Agent": "tunegate", **self.headers}
        if data is not None:
            head["Content-Type"] = "application/json"
        request = Request(f"{self.address}{BASE}/{path}", data, head)  # noqa: S310 - looked at before
        shown = path.partition("?")[0]
        try:
            with make_opener(proxied=self.proxied).open(request, timeout=SECONDS) as response:
                found = json.loads(self._read(response, shown))
        except HTTPError as fault:
            with fault:
                raise self._explain(fault, shown) from None
        except OSError as fault:
            cause = getattr(fault, "reason", fault)
            said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            problem = Problem(
                f"{self.address} cannot be reached: {said[:LONGEST]}", "is the address right, and the server up?"
            )
            raise PolicyError(problem) from None
        except (HTTPException, ValueError, RecursionError):
            self.refuse(f"{shown} gives no JSON")
        if not isinstance(found, dict):
            self.refuse(f"{shown} gives no object")
        return found

    def _read(self, response: HTTPResponse, shown: str) -> bytes:
        """A body, neither endless nor endlessly slow."""
        from time import monotonic

        ends, data = monotonic() + SECONDS_A_PAGE, bytearray()
        while some := response.read1(CHUNK):
            data += some
            if len(data) > LARGEST:
                self.refuse(f"{shown} gives more than {LARGEST:,} bytes")
            if monotonic() > ends:
                raise TimeoutError(f"{shown} is not answered to the end in {SECONDS_A_PAGE:.0f} s")
        return bytes(data)

    def _explain(self, fault: HTTPError, shown: str) -> PolicyError:
        """Why it does not answer, in its own words where it has some."""
        if 300 <= fault.code < 400:
            message = f"{self.address} sends on to another address, which is not followed"
            return PolicyError(Problem(message, "name the address that it sends to, if that is the server"))
        if fault.code == 401:
            told = "does not take the user and password" if self.headers else "asks who you are"
            return PolicyError(Problem(f"{self.address} {told}", f"set {USER} and {PASSWORD}, as for MLflow's client"))
        if fault.code == 403:
            message = f"{self.address} does not let you read all: {shown}"
            return PolicyError(Problem(message, "ask as somebody who may, such as its administrator"))
        said = _read_refusal(fault)
        message = f"{self.address} answers with {fault.code} to {shown}: {str(said.get('message') or '')[:LONGEST]}"
        kind = MissingError if fault.code == 404 and said.get("error_code") == MISSING else PolicyError
        return kind(Problem(message.removesuffix(": "), "is it an MLflow server of 3.5 or later, and up?"))


def open_tracking(address: str, environment: Mapping[str, str]) -> RemoteServer:
    """A server at an address, with the credentials of MLflow's client. Raises PolicyError."""
    place = read_address(address, "URL")
    return RemoteServer(place.text, find_headers(place, environment), not place.local)


def _read_refusal(fault: HTTPError) -> dict[str, Any]:
    try:
        said = json.loads(fault.read(CHUNK))
    except (OSError, ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}
