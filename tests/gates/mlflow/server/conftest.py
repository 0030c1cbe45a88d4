"""A policy set for servers, and one server for all tests that change nothing of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from policy.records.ledger import create_ledger
from tests.gates.mlflow.memory import no_experiment  # noqa: F401 - a fixture of every test
from tests.gates.mlflow.server.serving import Server, serve

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

SET = """\
policy_set: 1
name: acme
policies: [./policies]
gates:
  run: {mode: enforce, on_error: block}
  release: {mode: enforce, on_error: block}
ledger: sqlite:///ledger.db
approvals:
  roles: {leads: [bob]}
  rules: [{roles: [leads]}, {roles: [leads], projects: [support-counted], runs: 2}]
mlflow:
  app: basic-auth
  experiments:
    - {name: support-*, project: support-*, models: [support-*]}
    - {name: private-*, project: private-*, principals: [carol]}
    - {name: canary-*, project: support-*, mode: observe}
"""
VOLATILE = """\
policy: volatile-data
title: Data that changes weekly is retrieved, not trained on
severity: high
when: {approach: fine-tuning, run.activity: training}
require: {data.change_interval: {at_least: 30d}}
effect: {run: block, release: block}
instead: [rag]
fix: Serve what changes from retrieval.
"""
APPROVED = """\
policy: large-models
title: A large model is approved
severity: high
when: {approach: fine-tuning, run.activity: training}
require: {model.parameters: {at_most: 1000000000}}
effect: {run: hold, release: flag}
fix: Have it approved.
"""
PARTS = {"data": {"change_interval": "90d"}, "model": {"parameters": 1000}}


class Sent(NamedTuple):
    """What a client sends, and what a run then names."""

    body: bytes
    digest: str

    @property
    def tags(self) -> list[dict[str, str]]:
        return [{"key": "ml-manifest.digest", "value": self.digest}]


def write_set(folder: Path, text: str = SET) -> Path:
    """A policy set with two policies, of which one blocks and one holds, and its ledger where that is beside it."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(text)
    (folder / "policies/volatile-data.yaml").write_text(VOLATILE)
    (folder / "policies/large-models.yaml").write_text(APPROVED)
    if "sqlite:///ledger.db" in text and not (folder / "ledger.db").exists():
        create_ledger(f"sqlite:///{folder}/ledger.db").close()
    return folder


def make_sent(project: str = "support-tone", **parts: Any) -> Sent:
    """The run manifest of a project that passes, but for these parts."""
    import rfc8785

    manifest = {"manifest": 1, "project": project, "approach": "fine-tuning", **PARTS, **parts}
    body = rfc8785.dumps({"format": "policy-run-manifest/1", "manifest": manifest})
    return Sent(body, f"sha256:{hashlib.sha256(body).hexdigest()}")


GOOD = make_sent()
BLOCKED = make_sent(data={"change_interval": "7d"})
HELD = make_sent(model={"parameters": 7_000_000_000})


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, basic-auth, SQLite; ada trains, bob approves, carol has an experiment of her own."""
    folder = write_set(tmp_path_factory.mktemp("server"))
    with serve(folder, auth=True) as started:
        for name in ("ada", "bob", "carol"):
            started.make_user(name)
        yield started


@pytest.fixture
def experiment(server: Server, request: pytest.FixtureRequest) -> str:
    """A governed experiment of ada's, new for each test."""
    return server.make_experiment(f"support-{request.node.name}", "ada")
