"""What the steps of the Action are given: a workspace, an environment, and a server that stands for GitHub's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gates.action.forge_server import TOKEN, ForgeServer, serve

Given = Callable[..., dict[str, str]]
BASE = "b" * 40


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """The environment of a step in an empty workspace; `event` and `payload` are what started the workflow."""
    workspace, temporary = tmp_path / "workspace", tmp_path / "temporary"
    workspace.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(workspace)

    def make(event: str = "push", payload: Mapping[str, Any] | None = None, **variables: str) -> dict[str, str]:
        (tmp_path / "event.json").write_text(json.dumps(payload or {}), encoding="utf-8")
        return {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temporary),
            **variables,
        }

    return make


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with serve() as server:
        yield server


def describe_request(fork: bool = False, **changes: Any) -> dict[str, Any]:
    """The payload of a pull request's event."""
    head = {"repo": {"full_name": "mallory/models" if fork else "acme/models", "fork": fork}}
    base = {"sha": BASE, "repo": {"full_name": "acme/models"}}
    return {"pull_request": {"number": 7, "head": head, "base": base, **changes}}


def read_outputs(environment: Mapping[str, str]) -> dict[str, str]:
    """What the runner reads of the file of outputs: only `name<<delimiter` is written there."""
    lines = iter(Path(environment["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines())
    found = {}
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value: list[str] = []
        for part in lines:
            if part == delimiter:
                break
            value.append(part)
        found[name] = "\n".join(value)
    return found
