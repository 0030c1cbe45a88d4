"""The requests of a server, over its interface: what is listed and shown there, and what somebody does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.remote_views import read_requests
from policy.app.servers.service import open_service
from policy.errors import PolicyError, Problem
from policy.records.requests.refusals import RefusedError
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.app.approvals.remote_views import Requests
    from policy.app.servers.service import Answer, Service

BASE: Final = "/policy/api/1"
LONGEST: Final = 4_000
PAGE: Final = "500"
PAGES: Final = 1_000


class Remote(NamedTuple):
    """A server, as who asks there. Every method raises PolicyError."""

    service: Service

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
                return read_requests({**answer, "requests": found}, self.service.address)
            after = {"limit": PAGE, "after": answer["next"]}
        raise PolicyError(Problem(f"{self.service.address} has more requests than can be listed", "name a project"))

    def show(self, request: str) -> Requests:
        """One request."""
        return read_requests(self._ask("GET", f"/requests/{_quote(request)}"), self.service.address)

    def act(self, request: str, act: str, said: Mapping[str, str]) -> Requests:
        """Do something to a request, and how it stands then."""
        return read_requests(self._ask("POST", f"/requests/{_quote(request)}/{act}", said), self.service.address)

    def _ask(self, method: str, path: str, said: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer = self.service.ask(f"{BASE}{path}", said, method=method)
        if not 200 <= answer.status < 300:
            raise self._explain(answer)
        return answer.document

    def _explain(self, answer: Answer) -> PolicyError:
        """What the server refuses, in its own words where it has some."""
        message = answer.document.get("message")
        if answer.status == 404 and "error_code" not in answer.document:
            problem = Problem(f"{self.service.address} has no approvals: 404", "is Tunegate's app in force there?")
            return PolicyError(problem)
        if not message or answer.status == 401:
            return self.service.explain(answer)
        remedy = str(answer.document.get("remedy") or "")[:LONGEST]
        kind = RefusedError if answer.status in (403, 409) else PolicyError
        return kind(Problem(str(message)[:LONGEST], remedy or "ask whoever keeps the server"))


def open_remote(server: str, environment: Mapping[str, str]) -> Remote:
    """A server at an address, with the credentials of MLflow's client. Raises PolicyError."""
    return Remote(open_service(server, environment, "Tunegate's server", "`--server`"))


def _quote(request: str) -> str:
    from urllib.parse import quote

    return quote(request, safe="")
