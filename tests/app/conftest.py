"""Projects in a folder of their own, and the plugins that look at them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.errors import Problem
from policy.loading.discovery import discover
from policy.model.facts import Facts

Files = Mapping[str, str | bytes]
MANIFEST = "manifest: 1\nproject: reply-tone\n"
AXOLOTL = "base_model: org/model\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Files], Path]:
    """Write files into the repository of the test, in which the test then works."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)

    def write(files: Files) -> Path:
        for name, content in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Install the plugin `house`; it is forgotten after the test."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def install(text: str) -> None:
        (site / "house.py").write_text("from policy import *\nfrom policy.plugins.contracts import *\n" + dedent(text))

    yield install
    sys.modules.pop("house", None)


@pytest.fixture
def study(plant: Callable[[Files], Path]) -> Callable[..., tuple[list[Facts], list[Problem]]]:
    """All facts about the subjects at a path, and the problems met."""

    def read(files: Files, path: str = ".") -> tuple[list[Facts], list[Problem]]:
        root = plant(files)
        workspace = open_workspace(str(root))
        (found,) = discover([path])
        assert found.problems == ()
        subjects = [build_subjects(workspace, item) for item in found.items]
        return [facts for part in subjects for facts in part.facts], [
            item for part in subjects for item in part.problems
        ]

    return read
