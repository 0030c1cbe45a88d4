"""Results collected, and a tracking server to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policy.evidence.results.collector import EvaluationResults
from policy.model.fact import Fact
from policy.plugins.contracts import Project
from tests.evidence.results.building import Server, Told, declare


@pytest.fixture
def collect(plant: Callable[..., Any]) -> Callable[..., Told]:
    """Plant files, and collect what entries of `tried` tell."""

    def run(
        files: dict[str, str | bytes],
        *members: dict[str, Any],
        approach: str = "fine-tuning",
        folder: str = "",
        environment: dict[str, str] | None = None,
    ) -> Told:
        root = str(plant(files))
        project = Project(root, folder, (Fact("approach", approach), declare(*members)))
        return Told(EvaluationResults(environment or {}).collect(project))

    return run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that is asked directly, whatever proxy this machine goes through."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    running = Server()
    yield running
    running.close()
