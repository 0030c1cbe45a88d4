"""MLflow is told the claims for every run, and asks nobody for them."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
from mlflow.tracking.context.registry import resolve_tags

from policy.gates.mlflow.client.provider import ManifestContext


def test_mlflow_knows_it():
    claims = resolve_tags({"own": "1"})
    assert claims.keys() >= {"own", "ml-manifest.digest", "ml-manifest.activity"}


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ({}, {"ml-manifest.digest": "sha256:", "ml-manifest.activity": "training"}),
        ({"POLICY_ACTIVITY": "data"}, {"ml-manifest.digest": "sha256:", "ml-manifest.activity": "data"}),
        ({"POLICY_OFF": "1", "POLICY_ACTIVITY": "data"}, {}),
    ],
)
def test_what_it_claims(environment, keys, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    claims = ManifestContext().tags()
    assert ManifestContext().in_context()
    assert claims.keys() == keys.keys()
    assert all(claims[key].startswith(value) for key, value in keys.items())


def test_without_a_manifest_only_what_is_said(project, monkeypatch):
    (project / "ml-manifest.yaml").unlink()
    assert ManifestContext().tags() == {}
    monkeypatch.setenv("POLICY_ACTIVITY", "baseline")
    assert ManifestContext().tags() == {"ml-manifest.activity": "baseline"}


def test_a_mistake_is_an_ordinary_error_here(project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\n")
    with pytest.raises(PolicyError, match="names no project"):
        ManifestContext().tags()
