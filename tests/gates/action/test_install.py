"""The script that installs the Action, and the packages that it may install."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / ".github/action/install.py"
PACKAGES = (ROOT / ".github/action/requirements.txt").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"^([a-z0-9-]+)==(\S+) ", PACKAGES, re.MULTILINE))


@pytest.fixture
def script():
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


@pytest.fixture
def calls(monkeypatch):
    """What the script would start, without starting it; `codes` are what the calls end with."""
    started = SimpleNamespace(commands=[], environments=[], codes={})

    def run(command, **options):
        started.commands.append(command)
        started.environments.append(options["env"])
        if "venv" in command:
            os.makedirs(command[-1], exist_ok=True)
        return SimpleNamespace(returncode=started.codes.get(len(started.commands), 0))

    monkeypatch.setattr(subprocess, "run", run)
    return started


def test_every_package_is_pinned_by_digest():
    blocks = re.split(r"\n(?=[a-z])", re.sub("^#.*\n", "", PACKAGES, flags=re.MULTILINE).strip())
    assert len(blocks) == len(PINNED) > 10
    for block in blocks:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+ \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+", block), block[:80]


def test_the_packages_are_those_that_the_project_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement(line) for line in (*project["project"]["dependencies"], *project["build-system"]["requires"])]
    for requirement in wanted:
        assert requirement.specifier.contains(PINNED[requirement.name.lower()]), requirement


def test_packages_come_by_their_digests_and_tunegate_from_its_checkout(script, calls, tmp_path):
    python = script.install(str(tmp_path))
    venv, packages, own = calls.commands
    assert venv == [sys.executable, "-I", "-m", "venv", os.path.dirname(os.path.dirname(python))]
    assert packages[0] == own[0] == python
    assert {"--require-hashes", "--only-binary=:all:"} < set(packages)
    assert {"--no-deps", "--no-build-isolation", "--no-index"} < set(own)
    assert own[-1] == str(ROOT)


def test_what_would_put_packages_elsewhere_is_not_handed_on(script, calls, tmp_path, monkeypatch):
    for name in (*script.DIVERTING, "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "x")
    script.install(str(tmp_path))
    for environment in calls.environments:
        assert not set(script.DIVERTING) & set(environment)
        assert environment["PIP_INDEX_URL"] == "x"


def test_a_later_step_finds_it_and_a_torn_one_is_made_anew(script, calls, tmp_path, capsys):
    calls.codes[2] = 1
    with pytest.raises(script.InstallError, match=r"`.*python.* -I -m pip install \.\.\.` ended with 1"):
        script.install(str(tmp_path))
    assert len(calls.commands) == 2
    first = script.install(str(tmp_path))
    assert len(calls.commands) == 5
    assert "tunegate is installed in " in capsys.readouterr().out
    assert script.install(str(tmp_path)) == first
    assert capsys.readouterr().out.startswith("tunegate is there already")
    assert len(calls.commands) == 5


def test_another_checkout_is_another_tool(script, tmp_path, monkeypatch):
    # `runpy` gives the functions a namespace of their own, which is theirs still.
    names = script.digest_parts.__globals__
    (tmp_path / "src").mkdir()
    monkeypatch.setitem(names, "ROOT", str(tmp_path))
    digests = {script.digest_parts()}
    (tmp_path / "src/a.py").write_text("a")
    digests.add(script.digest_parts())
    (tmp_path / "src/a.py").write_text("b")
    digests.add(script.digest_parts())
    (tmp_path / "src/a.pyc").write_text("b")
    digests.add(script.digest_parts())
    assert len(digests) == 3


def test_a_python_that_is_too_old_is_named(script, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(script.InstallError, match=r"needs Python 3\.11 or later, and python3 is 3\.10") as caught:
        script.install(str(tmp_path))
    assert "actions/setup-python" in caught.value.remedy


def test_the_next_steps_hear_where_it_is(script, calls, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    assert script.main() == 0
    first, python, last = (tmp_path / "output").read_text().splitlines()
    assert first == f"python<<{last}"
    assert python == calls.commands[-1][0]
    calls.codes = dict.fromkeys(range(20), 1)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "other"))
    assert script.main() == 2
    *_, said = capsys.readouterr().out.splitlines()
    assert said.startswith("::error title=tunegate is not installed::")


def test_it_runs_apart_from_whatever_lies_in_the_workspace(tmp_path):
    """With a Python of its own, and without the network: what is too early to install ends before pip is asked."""
    for name in ("hashlib", "uuid", "shutil", "venv"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('trapped')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output")}
    environment |= {"RUNNER_TEMP": str(tmp_path / "file/below")}
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-I", str(SCRIPT)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "trapped" not in done.stdout + done.stderr
    assert done.returncode == 2
    assert "::error title=tunegate is not installed::" in done.stdout
