"""What a run says of itself when it begins: the claims, as tags, and the manifest that they name, sent ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.runs.intent import read_intent
from policy.gates.mlflow.client.manifests import read_outgoing
from policy.gates.mlflow.client.server import Server, say_once
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.gates.mlflow.client.manifests import Outgoing

OFF = "`POLICY_OFF` is set: no manifest is sent, and the server judges the run without one"


def make_claims() -> dict[str, str]:
    """The tags that name manifest and activity; empty where there is neither. Raises PolicyError."""
    claims, _ = _prepare()
    return claims


def announce(address: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Send the manifest of a run with these tags; what it should claim beside them. Raises PolicyError, RunRefused."""
    from policy.app.runs.sent import DIGEST_TAG

    claims, outgoing = _prepare()
    if outgoing is not None and tags.get(DIGEST_TAG, outgoing.digest) == outgoing.digest:
        server = Server.find(address)
        if server.judges():
            server.send(outgoing)
        else:
            server.warn_unjudged()
    return {key: value for key, value in claims.items() if key not in tags}


def look_ahead(address: str, experiment: Mapping[str, str]) -> None:
    """Ask a server what would come of a run in an experiment. Raises PolicyError, RunRefused."""
    found = foresee(address, experiment)
    if found.get("verdict") == "hold":
        say_once("the run needs an approval; where there is none yet, whoever begins the run asks for it")
    if found.get("governed") is False:
        name = quote_name(" ".join(experiment.values()))
        say_once(f"nothing governs the experiment {name} at {address}, and no run in it is judged: is the name right?")


def would_wait(address: str, experiment: Mapping[str, str]) -> bool:
    """As `look_ahead`: whether a run would wait for an approval."""
    return foresee(address, experiment).get("verdict") == "hold"


def foresee(address: str, experiment: Mapping[str, str]) -> Mapping[str, Any]:
    """As `look_ahead`: the server's answer, empty where it judges nothing."""
    from policy.app.runs.attempt import TRAINING
    from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG

    claims, outgoing = _prepare()
    server = Server.find(address)
    if not server.judges():
        server.warn_unjudged()
        return {}
    if outgoing is not None:
        server.send(outgoing)
    said = {"manifest": claims.get(DIGEST_TAG, ""), "activity": claims.get(ACTIVITY_TAG, TRAINING)}
    return server.look_ahead({**experiment, **said})


def _prepare() -> tuple[dict[str, str], Outgoing | None]:
    from policy.app.runs.attempt import TRAINING
    from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG

    intent = read_intent()
    if intent.off:
        say_once(OFF)
        return {}, None
    outgoing = read_outgoing(intent)
    claims = {ACTIVITY_TAG: intent.activity} if intent.activity else {}
    if outgoing is not None:
        claims = {DIGEST_TAG: outgoing.digest, ACTIVITY_TAG: intent.activity or TRAINING}
    return claims, outgoing
