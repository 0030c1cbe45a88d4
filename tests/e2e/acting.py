"""Workflows run by act on this machine, without containers: the Action with real steps, outputs and exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Where these are set they must be right, and nothing is skipped.
PROGRAM = os.environ.get("POLICY_ACT") or shutil.which("act")
# The packages of .github/action/requirements.txt: no test asks an index.
WHEELS = os.environ.get("POLICY_ACTION_WHEELS")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS), "PIP_CONFIG_FILE": os.devnull}
ACTION = "acme/tunegate@0000000000000000000000000000000000000000"
UPLOAD = "github/codeql-action@f443b600d91635bebf5b0d9ebc620189c0d6fba5"
SECONDS = 240
KINDS = ("error", "warning", "notice")
# What the Action is installed from.
PARTS = (".github/action", "action.yml", "src", "policies", "pyproject.toml", "README.md", "LICENSE")
UPLOAD_STEP = """\
name: upload-sarif
description: Keeps what would be uploaded
inputs:
  sarif_file: {description: file, required: true}
  category: {description: category, required: false}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}"}
      run: cp -- "$FILE" "$RESULTS/uploaded.sarif"
"""
# In place of `.github/action/install.py`, where that has been run already.
INSTALLED = """\
import os
with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as stream:
    stream.write({output!r})
"""
NO_STEP = "name: none\ndescription: Does nothing\nruns: {using: composite, steps: [{shell: bash, run: 'true'}]}\n"
TELL = """\
      - if: always()
        shell: bash
        env:
          OUTCOME: ${{{{ steps.{name}.outcome }}}}
          OUTPUTS: ${{{{ toJSON(steps.{name}.outputs) }}}}
          SARIF: ${{{{ steps.{name}.outputs.sarif-file }}}}
          DECISIONS: ${{{{ steps.{name}.outputs.decisions-file }}}}
        run: |
          printf '%s' "$OUTCOME" >"$RESULTS/{name}.outcome"
          printf '%s' "$OUTPUTS" >"$RESULTS/{name}.json"
          [ -z "$SARIF" ] || cp -- "$SARIF" "$RESULTS/{name}.sarif"
          [ -z "$DECISIONS" ] || cp -- "$DECISIONS" "$RESULTS/{name}.decisions.json"
"""


class Told(NamedTuple):
    """What a step that uses the Action left behind.

    `log` is what it printed without commands, `annotations` the commands that the runner obeyed, by kind.
    """

    outcome: str
    outputs: dict[str, str]
    log: str
    annotations: list[tuple[str, dict[str, str], str]]
    summary: str
    results: Path

    def read(self, name: str) -> Any:
        """A report that the step's outputs name: `sarif` or `decisions.json`."""
        return json.loads((self.results / name).read_bytes())


class Acted(NamedTuple):
    """How a run of act ended."""

    code: int
    entries: list[dict[str, Any]]
    results: Path

    def list_entries(self, name: str) -> list[dict[str, Any]]:
        """What act tells of the steps inside the step with this id."""
        return [entry for entry in self.entries if len(entry.get("stepID", ())) > 1 and entry["stepID"][0] == name]

    def list_annotations(self, name: str) -> list[tuple[str, dict[str, str], str]]:
        """Kind, properties and message of every annotation."""
        entries = [entry for entry in self.list_entries(name) if entry.get("command") in KINDS]
        return [read_command(entry["raw"].rstrip("\n")) for entry in entries]

    def read_log(self, name: str) -> str:
        """All that was printed and is no command, without colours."""
        printed = (entry["msg"] for entry in self.list_entries(name) if entry.get("raw_output"))
        return strip_colours("".join(printed))

    @property
    def log(self) -> str:
        """All that was printed in any step, without colours."""
        return strip_colours("".join(entry["msg"] for entry in self.entries if entry.get("raw_output")))

    def tell(self, name: str) -> Told:
        """What is known of the step with this id in a workflow of `write_workflow`."""
        summaries = [entry["content"] for entry in self.list_entries(name) if entry.get("command") == "summary"]
        return Told(
            (self.results / f"{name}.outcome").read_text(encoding="utf-8"),
            json.loads((self.results / f"{name}.json").read_text(encoding="utf-8")),
            self.read_log(name),
            self.list_annotations(name),
            "".join(summaries),
            self.results,
        )


def strip_colours(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner reads it: act takes a `::` in the message for the one before it."""
    head, _, message = line.removeprefix("::").partition("::")
    kind, _, properties = head.partition(" ")
    pairs = (pair.partition("=")[::2] for pair in properties.split(","))
    return kind, {key: unescape(value) for key, value in pairs}, unescape(message)


def unescape(text: str) -> str:
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(written, meant)
    return text


def find_act() -> str:
    """The program; skips where something is missing."""
    if not PROGRAM:
        pytest.skip("there is no program `act` on the path, and POLICY_ACT names none")
    if not WHEELS:
        pytest.skip("POLICY_ACTION_WHEELS names no folder with the packages of .github/action/requirements.txt")
    return PROGRAM


class Repository:
    """A repository with workflows, beside a copy of the Action."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.folder.mkdir(parents=True)
        self.aside = folder
        self.action = folder / "action"
        for part in PARTS:
            source, target = ROOT / part, self.action / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        upload = folder / "upload/upload-sarif"
        upload.mkdir(parents=True)
        (upload / "action.yml").write_text(UPLOAD_STEP, encoding="utf-8")
        (self._make("none") / "action.yml").write_text(NO_STEP, encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", "https://github.com/acme/models.git")

    @property
    def results(self) -> Path:
        """The folder in which the workflows leave what the tests read."""
        return self.aside / "results"

    def _list_set_ups(self, workflow: str) -> list[str]:
        """What sets up a Python, which is there already."""
        return re.findall(r"actions/setup-python@\w+", (self.folder / workflow).read_text(encoding="utf-8"))

    def _make(self, name: str) -> Path:
        folder = self.aside / name
        folder.mkdir(exist_ok=True)
        return folder

    def install_once(self) -> None:
        """Have the Action's own script install it now, and every later job use that."""
        script, output = self.action / ".github/action/install.py", self.aside / "installed"
        places = {"RUNNER_TEMP": str(self._make("runner")), "GITHUB_OUTPUT": str(output)}
        command = [sys.executable, "-I", str(script)]
        subprocess.run(command, env={**self.environment, **OFFLINE, **places}, capture_output=True, check=True)
        script.write_text(INSTALLED.format(output=output.read_text(encoding="utf-8")), encoding="utf-8")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environment, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests, and no network."""
        tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        who = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in IDENTITY.items()}
        home = self._make("home")
        return {
            **who,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "HOME": str(home),
            "PATH": tools,
            "PIP_CONFIG_FILE": os.devnull,
            "XDG_CACHE_HOME": str(home / "cache"),
        }

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write files, delete those that are None, commit, and give the commit."""
        for name, content in files.items():
            file = self.folder / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=a change")
        return self.git("rev-parse", "HEAD")

    def act(
        self,
        workflow: str,
        event: str = "push",
        payload: Mapping[str, Any] | None = None,
        *,
        job: str = "",
        **variables: str,
    ) -> Acted:
        """Run a workflow of the repository as it is in the working tree."""
        results = self.results
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir()
        given = {"RESULTS": str(results), **OFFLINE, **variables}
        command = [find_act(), event, "--json", "--platform=ubuntu-latest=-self-hosted", f"--workflows={workflow}"]
        command += [f"--local-repository={ACTION}={self.action}"]
        command += [f"--local-repository={UPLOAD}={self.aside / 'upload'}", "--secret=GITHUB_TOKEN=t0ken"]
        command += [f"--local-repository={name}={self.aside / 'none'}" for name in self._list_set_ups(workflow)]
        command += [f"--env={name}={value}" for name, value in given.items()]
        command += [f"--job={job}"] if job else []
        if payload is not None:
            (self.aside / "event.json").write_text(json.dumps(payload), encoding="utf-8")
            command.append(f"--eventpath={self.aside / 'event.json'}")
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        lines = done.stdout.decode(errors="replace").splitlines()
        entries = [json.loads(line) if line.startswith("{") else {"msg": line} for line in lines]
        return Acted(done.returncode, entries, results)


IDENTITY = {"NAME": "Test", "EMAIL": "test@example.com"}


def write_workflow(steps: Mapping[str, Mapping[str, Any]], before: str = "", action: str = ACTION) -> str:
    """A workflow with a step for each use of the Action, none of which ends the job, and all that they tell."""
    head = "on: [push, pull_request, merge_group]\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n"
    parts = ["      - uses: actions/checkout@v6\n", before]
    for name, given in steps.items():
        with_ = f"        with: {json.dumps(given)}\n" if given else ""
        parts.append(f"      - id: {name}\n        uses: {action}\n        continue-on-error: true\n{with_}")
        parts.append(TELL.format(name=name))
    return head + "".join(parts)
