"""What MLflow asks for the tags of a run that begins, whatever store it begins in."""

from __future__ import annotations

from mlflow.tracking.context.abstract_context import RunContextProvider

from policy.gates.mlflow.client.announcing import make_claims
from policy.gates.mlflow.client.autologging import keep_autologging


class ManifestContext(RunContextProvider):  # type: ignore[misc]  # MLflow is not always installed
    """Names the manifest of the working folder; nothing is sent here, for MLflow asks at other times, too."""

    def __init__(self) -> None:
        # MLflow makes one while it is imported itself.
        keep_autologging()

    def in_context(self) -> bool:
        return True

    def tags(self) -> dict[str, str]:
        return make_claims()
