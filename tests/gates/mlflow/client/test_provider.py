"""MLflow is told the claims for every run, and asks nobody for them."""

from __future__ import annotations

import pytest

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
from mlflow.tracking.context.registry import resolve_tags

from policy.app.runs.recent import Recent
from policy.gates.mlflow.client import server
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


@pytest.mark.parametrize(("address", "said"), [("http://127.0.0.1:9", 0), ("policy+sqlite:///x.db", 0), ("runs", 1)])
def test_a_manifest_that_cannot_be_read_is_said_once_and_not_as_a_fault_of_mlflow(
    project, monkeypatch, caplog, address, said
):
    (project / "ml-manifest.yaml").write_text("manifest: [\n")
    monkeypatch.chdir(project)
    monkeypatch.setattr("mlflow.get_tracking_uri", lambda: address)
    monkeypatch.setattr(server, "_SAID", Recent(9))
    for _ in range(2):
        assert resolve_tags({"own": "1"})["own"] == "1"
    assert "unexpected error" not in caplog.text
    assert caplog.text.count("ml-manifest.yaml") == said
