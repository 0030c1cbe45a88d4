"""A tracking server that may judge runs: whether it does, what it is sent, and what it says before a run begins."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.recent import Recent
from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client.refusal import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.gates.mlflow.client.manifests import Outgoing

BASE: Final = "/policy/api/1"
# What no run names is dropped after a day.
KEPT_SECONDS: Final = 3600.0
REMEMBERED: Final = 1000
_LOGGER: Final = logging.getLogger("policy.mlflow")


class Server:
    """One tracking server, as a process knows it; `credentials` gives MLflow's own for its address."""

    _known: Final[dict[str, Server]] = {}

    def __init__(self, address: str) -> None:
        self.address = address
        self.judged_here = False
        self._judges: bool | None = None
        self._sent: Recent[str, float] = Recent(REMEMBERED)

    @classmethod
    def find(cls, address: str) -> Server:
        """The server at an address, one for a process."""
        return cls._known.setdefault(address, cls(address))

    def judges(self) -> bool:
        """Whether it judges runs; asked once. Raises RunRefused where it cannot be asked."""
        if self._judges is None:
            status, answer = self._ask("GET", "/")
            if status == 401 or status >= 500:
                raise RunRefused(_say_answer(f"the tracking server does not say whether it judges ({status})", answer))
            self._judges = status == 200 and "server" in answer
        return self._judges

    def warn_unjudged(self) -> None:
        """Say that nobody judges there what has a manifest, unless who begins it does."""
        if not self.judged_here:
            say_once(f"the tracking server {self.address} does not judge runs: no policy is held to there")

    def send(self, outgoing: Outgoing) -> None:
        """Put a manifest where the server finds it when a run names it. Raises RunRefused."""
        since = self._sent.find(outgoing.digest)
        if since is not None and time.monotonic() - since < KEPT_SECONDS:
            return
        status, answer = self._ask("PUT", f"/manifests/{outgoing.digest}", outgoing.body)
        if status not in (200, 201):
            raise RunRefused(_say_answer(f"the tracking server does not take the manifest ({status})", answer))
        self._sent.keep(outgoing.digest, time.monotonic())

    def look_ahead(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        """What would come of a run, of which nothing is recorded. Raises RunRefused."""
        from policy.model.canonical import canonical_json

        status, answer = self._ask("POST", "/preflight", canonical_json(dict(asked)))
        if status != 200:
            raise RunRefused(_say_answer(f"the tracking server does not admit the run ({status})", answer))
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        from mlflow.exceptions import MlflowException
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        credentials = get_default_host_creds(self.address)
        head = {"Content-Type": "application/json"} if body is not None else {}
        try:
            response = http_request(
                credentials, BASE + path, method, data=body, extra_headers=head, raise_on_status=False
            )
        except MlflowException as error:
            raise RunRefused(f"the tracking server {self.address} cannot be asked: {error}") from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        return response.status_code, answer if isinstance(answer, dict) else {}


def say_once(text: str) -> None:
    """Log what a person should know, once in a process, unless much else was said since."""
    if _SAID.find(text) is None:
        _SAID.keep(text, True)
        _LOGGER.warning("Tunegate: %s", text)


_SAID: Final[Recent[str, bool]] = Recent(REMEMBERED)


def _say_answer(otherwise: str, answer: Mapping[str, Any]) -> str:
    """The server's own words, where it has any."""
    message, remedy = answer.get("message"), answer.get("remedy")
    said = message.removeprefix(MARK) if isinstance(message, str) and message else otherwise
    return f"{said}\n  help: {remedy}" if isinstance(remedy, str) and remedy else said
