from __future__ import annotations

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from policy.gates.cli.hook_verdicts import choose_worst
from tests.loading.conftest import _alone, git, repository, write  # noqa: F401 - fixtures
from tests.test_imports import ROOT, find_heavy, list_imports

HOOK = """
from tunegate import main
report = sys.argv.pop()
assert main() == 0
sys.argv.append(report)
"""
SFT = "from trl import SFTTrainer\nSFTTrainer(model='x').train()\n"
BROKEN = "manifest: 1\nproject: a\nflavour: sweet\n"


@pytest.fixture
def tell(monkeypatch):
    """Put something on standard input."""

    def put(text):
        stream = io.BytesIO(text.encode())
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream, isatty=lambda: False))

    return put


def test_a_commit_that_touches_no_project_imports_little(repository, tmp_path_factory):  # noqa: F811
    root = repository({"a/ml-manifest.yaml": BROKEN, "README.md": "old", "ci.yaml": "on: push\n"})
    for name in ("README.md", "ci.yaml"):
        (root / name).write_text("on: pull_request\n")
    git(root, "add", "--all")
    report = tmp_path_factory.mktemp("report") / "report.json"
    modules = list_imports(HOOK, root, report, "hook", "pre-commit")
    assert "policy.app.hooks.staged" in modules
    assert find_heavy(modules) == set()
    assert not any(module.startswith(("policy.engine", "policy.reports.text")) for module in modules)


def test_a_commit_that_touches_one_is_judged(repository, call):  # noqa: F811
    root = repository({"README.md": ""})
    (root / "ml-manifest.yaml").write_text(BROKEN)
    git(root, "add", "--all")
    (root / "ml-manifest.yaml").unlink()
    result = call("hook pre-commit")
    assert result.err.startswith("error: ml-manifest.yaml:3:1: ")
    assert result.code == 2


def test_a_script_that_trains_is_judged_as_it_is_staged(repository, call):  # noqa: F811
    root = repository({"README.md": "", "train.py": "print(1)\n"})
    (root / "train.py").write_text(SFT)
    git(root, "add", "--all")
    (root / "train.py").write_text("print(2)\n")
    result = call("hook pre-commit")
    assert "train.py:2:1: flag[undeclared-fine-tuning]" in result.out
    assert result.code == 0
    (root / "ml-manifest.yaml").write_text(BROKEN)
    git(root, "add", "ml-manifest.yaml")
    git(root, "commit", "--quiet", "--message=second")
    (root / "train.py").write_text(f"{SFT}print(3)\n")
    git(root, "add", "train.py")
    result = call("hook pre-commit")
    assert result.err.startswith("error: ml-manifest.yaml:3:1: ")
    assert result.code == 2


def test_what_trains_is_judged_where_it_is_pushed_without_any_yaml_file(repository, call, tell):  # noqa: F811
    repository({"src/train.py": SFT})
    tell("")
    result = call("hook pre-push")
    assert "src/train.py:2:1: flag[undeclared-fine-tuning]" in result.out
    assert result.code == 0


def test_what_no_longer_trains_is_no_matter(repository, call):  # noqa: F811
    root = repository({"train.py": SFT, "other.py": ""})
    (root / "train.py").unlink()
    (root / "other.py").write_text("print(1)\n")
    git(root, "add", "--all")
    assert call("hook pre-commit") == (0, "", "")


def test_what_pre_commit_says_is_pushed_is_judged(repository, call, monkeypatch, tell):  # noqa: F811
    root = repository({"ml-manifest.yaml": BROKEN})
    git(root, "tag", "broken")
    git(root, "rm", "--quiet", "ml-manifest.yaml")
    git(root, "commit", "--quiet", "--message=second")
    tell("")
    assert call("hook pre-push") == (0, "", "")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "broken")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/elsewhere")
    result = call("hook pre-push")
    assert result.out.startswith("refs/heads/elsewhere (")
    assert result.code == 2


def test_without_standard_input_head_is_judged(repository, call, monkeypatch):  # noqa: F811
    repository({"ml-manifest.yaml": BROKEN})
    monkeypatch.setattr(sys, "stdin", None)
    assert call("hook pre-push").code == 2


def test_a_server_that_is_told_nothing_accepts_nothing(repository, call, tell):  # noqa: F811
    repository({"a": ""})
    tell("")
    result = call("hook pre-receive")
    assert result.err.startswith("error: standard input names no reference that is pushed\n")
    assert result.code == 3


@pytest.mark.parametrize(
    ("codes", "worst"), [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 4, 0], 4), ([4, 1], 1), ([1, 2, 0], 2), ([2, 70], 70)]
)
def test_of_several_codes_one_counts(codes, worst):
    assert choose_worst(codes) == worst


@pytest.mark.parametrize("name", ["pre-commit", "pre-push", "pre-receive"])
def test_the_plain_hooks_are_shell_and_can_be_run(name):
    file = ROOT / "hooks" / name
    assert file.stat().st_mode & 0o111 == 0o111
    assert file.read_text().startswith("#!/bin/sh\n")
    assert f"policy hook {name}" in file.read_text()
    subprocess.run(["sh", "-n", file], check=True)
