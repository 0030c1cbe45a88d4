"""Recorded decisions that are judged again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from policy.app.previewing.running import PreviewRequest, PreviewRun
from policy.app.workspace import Workspace, open_workspace
from policy.model.preview import Preview, Previewed
from policy.records.ledger import open_ledger
from tests.app.recording.conftest import record  # noqa: F401 - a fixture
from tests.records.conftest import server, url  # noqa: F401 - fixtures

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL: Final = PreviewRequest("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", NOW)


@pytest.fixture
def load(tmp_path: Path) -> Callable[[Mapping[str, str]], Workspace]:
    """A policy set that stands in a folder of its own."""

    def read(files: Mapping[str, str]) -> Workspace:
        root = tmp_path / "new"
        for file, content in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(content)
        return open_workspace(str(root), str(root / "policy.yaml"))

    return read


@pytest.fixture
def preview(load: Callable[[Mapping[str, str]], Workspace]) -> Callable[..., tuple[list[Previewed], Preview]]:
    """Judge what is in `ledger.db` again by a policy set that is given as files."""

    def run(files: Mapping[str, str], **request: Any) -> tuple[list[Previewed], Preview]:
        workspace = load(files)
        with open_ledger("sqlite:///ledger.db", create=False) as ledger:
            made = PreviewRun(workspace, ledger, ALL._replace(**request))
            return list(made.run()), made.finish()

    return run
