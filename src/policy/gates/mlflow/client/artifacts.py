"""The artifacts that a server keeps, asked for at an address where runs are judged by who begins them."""

from __future__ import annotations

from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

from policy.gates.mlflow.client.judging import strip_scheme


class JudgedArtifacts(MlflowArtifactsRepository):  # type: ignore[misc]  # MLflow is not always installed
    """MLflow's own, which otherwise takes no address but that of a server."""

    @classmethod
    def resolve_uri(cls, artifact_uri: str, tracking_uri: str) -> str:
        resolved: str = super().resolve_uri(artifact_uri, strip_scheme(tracking_uri))
        return resolved
