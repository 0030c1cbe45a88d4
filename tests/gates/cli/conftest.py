"""The command called within the test's own process, on files written for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from policy.gates.cli.main import main

SET = "policy_set: 1\npolicies: [policies]\n"
STAGES = {"experiment": "flag", "prototype": "hold", "production": "block"}


class Result(NamedTuple):
    """What came of a call."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]
Plant = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Write files, by their paths, into the working folder."""
    monkeypatch.chdir(tmp_path)

    def write(files: Mapping[str, str]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command, given as one line, in the working folder."""
    monkeypatch.chdir(tmp_path)

    def run(line: str) -> Result:
        capsys.readouterr()
        code = main(line.split())
        return Result(code, *capsys.readouterr())

    return run


def write_policy(name: str, rest: str) -> str:
    """A policy with what every policy needs."""
    return f"policy: {name}\ntitle: About {name}\nseverity: low\n{rest}"


def write_manifest(project: str, rest: str = "") -> str:
    """A manifest with what every manifest needs."""
    return f"manifest: 1\nproject: {project}\n{rest}"


@pytest.fixture
def stages(plant: Plant) -> Plant:
    """A policy set in which a project comes out by its stage: flagged, held, blocked, or else allowed.

    The function that it gives writes projects: name to stage.
    """
    policies = {
        f"policies/own/{effect}.yaml": write_policy(
            effect, f"when: {{stage: {stage}}}\nrequire: {{approach: rag}}\neffect: {effect}\n"
        )
        for stage, effect in STAGES.items()
    }
    plant({"policy.yaml": SET, **policies})

    def write(projects: Mapping[str, str]) -> Path:
        return plant(
            {
                f"{name}/ml-manifest.yaml": write_manifest(name, f"approach: fine-tuning\nstage: {stage}\n")
                for name, stage in projects.items()
            }
        )

    return write
