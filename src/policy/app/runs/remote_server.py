"""Asking an MLflow server over its REST interface, page by page; what it answers is not believed to end, or to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from policy.app.servers.service import open_service
from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.servers.service import Answer, Service

BASE: Final = "/api/2.0/mlflow"
PAGES: Final = 100_000
EMPTY_PAGES: Final = 100
MISSING: Final = "RESOURCE_DOES_NOT_EXIST"


class MissingError(PolicyError):
    """The server has no such thing."""


class RemoteServer(NamedTuple):
    """A tracking server, as who asks there. Every method raises PolicyError."""

    service: Service

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """What is answered to a GET."""
        from urllib.parse import urlencode

        return self._ask(f"{path}?{urlencode(query)}", None)

    def post(self, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is answered to a POST, which here only searches."""
        return self._ask(path, said)

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
        self.service.refuse(what)

    def _ask(self, path: str, said: Mapping[str, Any] | None) -> dict[str, Any]:
        answer = self.service.ask(f"{BASE}/{path}", said)
        if not 200 <= answer.status < 300:
            raise self._explain(answer)
        return answer.document

    def _explain(self, answer: Answer) -> PolicyError:
        """Why it does not answer, in its own words where it has some."""
        if answer.status == 403:
            message = f"{self.service.address} does not let you read all: {answer.asked}"
            return PolicyError(Problem(message, "ask as somebody who may, such as its administrator"))
        error = self.service.explain(answer)
        missing = answer.status == 404 and answer.document.get("error_code") == MISSING
        return MissingError(*error.problems) if missing else error


def open_tracking(address: str, environment: Mapping[str, str]) -> RemoteServer:
    """A server at an address, with the credentials of MLflow's client. Raises PolicyError."""
    return RemoteServer(open_service(address, environment, "an MLflow server", "URL"))
