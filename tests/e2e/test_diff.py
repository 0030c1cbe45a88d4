"""`policy diff` as a user meets it: real processes in real repositories, some of which are out to run something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policy.reports.diff.contract import DiffDocument
from tests.e2e.conftest import ROOT, Plant, Policy
from tests.e2e.test_hostile_repositories import PROGRAMS

RULE = "policy: rag-only\ntitle: Retrieve\nseverity: low\nrequire: {approach: rag}\neffect: block\n"
SET = "policy_set: 1\npolicies: [rules]\n"
MANIFEST = "manifest: 1\nproject: NAME\napproach: fine-tuning\n"
FILES = {"policy.yaml": SET, "rules/own/rag-only.yaml": RULE, "a/ml-manifest.yaml": MANIFEST.replace("NAME", "a")}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(plant: Plant) -> Path:
    """A repository whose working tree frees what its only commit blocks."""
    folder = plant(FILES)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    plant({"policy.yaml": f"{SET}modes: {{rag-only: observe}}\n"})
    return folder


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    DiffDocument.model_validate(document)
    return document


def test_all_forms_in_one_call(repository, policy):
    outputs = [part for name in ("json=d.json", "markdown=d.md", "text") for part in ("--output", name)]
    result = policy("diff", "main", ".", *outputs)
    assert "block → allow  a  a/ml-manifest.yaml\n    rag-only: fail (block) → fail (would block)\n" in result.out
    assert (result.err, result.code) == ("", 0)
    document = read((repository / "d.json").read_text())
    assert document["old"]["commit"] == git(repository, "rev-parse", "main")
    assert document["summary"]["freed"] == 1
    assert "- **block → allow** `a`" in (repository / "d.md").read_text()


def test_from_a_folder_below(repository, policy):
    result = policy("diff", "main", ".", folder=repository / "a")
    assert "NEW  the working tree, ../policy.yaml" in result.out
    assert "block → allow  a  ml-manifest.yaml" in result.out
    assert result.code == 0


def test_nothing_is_left_behind_and_nothing_changed(repository, policy, tmp_path_factory):
    spare = tmp_path_factory.mktemp("spare")
    before = git(repository, "status", "--porcelain"), sorted(os.listdir(repository))
    assert policy("diff", "main", "HEAD", env={"TMPDIR": str(spare)}).code == 0
    assert (git(repository, "status", "--porcelain"), sorted(os.listdir(repository))) == before
    assert list(spare.iterdir()) == []


def test_nothing_that_a_configuration_names_is_run(repository, policy):
    mark = repository / "pwned"
    (repository / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=second")
    hooks = repository / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    for name, value in [*((name, f"touch {mark};") for name in PROGRAMS), ("core.hooksPath", str(hooks))]:
        git(repository, "config", name, value)
    result = policy("diff", "HEAD~1", "HEAD")
    assert "block → allow  a" in result.out
    assert result.code == 0
    assert not mark.exists()


def test_a_module_beside_the_command_is_no_plugin(repository, policy):
    (repository / "house.py").write_text(f"open({str(repository / 'pwned')!r}, 'w').close()\n")
    for text in (f"{SET}plugins: [house]\n", SET):
        (repository / "policy.yaml").write_text(text)
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message=next")
    result = policy("diff", "HEAD", "HEAD~1", env={"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}."})
    assert not (repository / "pwned").exists()
    assert result.code in (0, 2)


@pytest.mark.usefixtures("repository")
def test_a_reader_that_leaves(policy):
    reading, writing = os.pipe()
    os.close(reading)
    result = policy("diff", "main", ".", stdout=writing)
    os.close(writing)
    assert (result.err, result.code) == ("", 0)


def measure(policy: Policy, *arguments: str) -> int:
    """The most memory that the command needed, in kB."""
    resource = pytest.importorskip("resource")
    code = (
        "import resource, runpy, sys\n"
        "sys.argv = ['policy', *sys.argv[1:]]\n"
        "try:\n    runpy.run_module('tunegate', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    assert resource is not None
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=policy.folder, env=policy.environment, capture_output=True, text=True, check=True
    )
    return int(done.stderr.split()[-1])


@pytest.mark.usefixtures("repository")
def test_memory_does_not_grow_with_the_projects(policy, plant):
    plant({f"p{number}/ml-manifest.yaml": MANIFEST.replace("NAME", f"p{number}") for number in range(600)})
    few = measure(policy, "diff", "main", ".", "a", "p1")
    many = measure(policy, "diff", "main", ".", "-o", "json")
    assert many - few < 12_000
