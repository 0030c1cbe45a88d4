"""Repositories with hooks, worked in as their users do: with git, and with the command on the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120
SET = "policy_set: 1\npolicies: [./policies]\n"
RAG_ONLY = (
    "policy: rag-only\ntitle: Only retrieval\nseverity: high\nrequire: {approach: rag}\neffect: {default: block}\n"
)
STRICT = {"policy.yaml": SET, "policies/own/rag-only.yaml": RAG_ONLY}
GOOD = "manifest: 1\nproject: good\napproach: rag\n"
BAD = "manifest: 1\nproject: bad\napproach: fine-tuning\n"
BROKEN = "manifest: 1\nproject: broken\nflavour: sweet\n"
AXOLOTL = "base_model: Qwen/Qwen2.5-7B\nadapter: lora\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"

Content = str | bytes | None


class Done(NamedTuple):
    """What came of a call: exit code, and everything that was said."""

    code: int
    said: str


class Worktree:
    """A folder in which git is called, with an environment that has nothing of whoever runs the tests."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT", "POLICY"))}
        self.environment = {
            **kept,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "NO_COLOR": "1",
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()},
        }

    def run(self, *command: str, folder: str = ".", **variables: str) -> Done:
        done = subprocess.run(
            command,
            cwd=self.folder / folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        said = done.stdout.decode(errors="surrogateescape")
        assert "Traceback" not in said
        assert "a bug in policy" not in said
        return Done(done.returncode, said)

    def git(self, *arguments: str) -> str:
        """What git says; it must go well."""
        done = self.run("git", *arguments)
        assert done.code == 0, done.said
        return done.said

    def write(self, files: Mapping[str, Content]) -> None:
        """Write files by their paths; None deletes one."""
        for name, content in files.items():
            file = self.folder / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, files: Mapping[str, Content]) -> None:
        self.write(files)
        self.git("add", "--all")

    def commit(self, files: Mapping[str, Content] | None = None, *options: str) -> Done:
        """Stage the files and commit; what the hook says stands before what git says of the commit itself."""
        if files is not None:
            self.stage(files)
        return self.run("git", "commit", "--quiet", "--message=a change", *options)

    def settle(self, files: Mapping[str, Content]) -> None:
        """Commit files past all hooks."""
        assert self.commit(files, "--no-verify", "--allow-empty").code == 0


IDENTITY = {"NAME": "Test", "EMAIL": "test@example.com"}


def make_tools(folder: Path) -> Path:
    """A folder with the command `policy` in it."""
    folder.mkdir()
    program = folder / "policy"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m tunegate "$@"\n')
    program.chmod(0o755)
    return folder


def install(name: str, hooks: Path) -> None:
    """Copy one of the project's hooks, as its documentation says."""
    hooks.mkdir(exist_ok=True)
    shutil.copy(ROOT / "hooks" / name, hooks / name)
