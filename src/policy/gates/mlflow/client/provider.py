"""What MLflow asks for the tags of a run that begins, whatever store it begins in."""

from __future__ import annotations

import mlflow
from mlflow.tracking.context.abstract_context import RunContextProvider

from policy.errors import PolicyError
from policy.gates.mlflow.client.announcing import make_claims
from policy.gates.mlflow.client.autologging import keep_autologging
from policy.gates.mlflow.client.server import say_once


class ManifestContext(RunContextProvider):  # type: ignore[misc]  # MLflow is not always installed
    """Names the manifest of the working folder; nothing is sent here, for MLflow asks at other times, too."""

    def __init__(self) -> None:
        # MLflow makes one while it is imported itself.
        keep_autologging()

    def in_context(self) -> bool:
        return True

    def tags(self) -> dict[str, str]:
        """What a run claims; nothing where that cannot be read: a store of ours says so and refuses, no other does."""
        try:
            return make_claims()
        except PolicyError as error:
            if not is_ours(mlflow.get_tracking_uri()):
                say_once(str(error))
            return {}


def is_ours(address: str) -> bool:
    """Whether runs at an address begin in a store of this package."""
    return address.partition(":")[0] in ("http", "https") or address.startswith("policy+")
