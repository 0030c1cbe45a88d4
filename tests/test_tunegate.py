"""The command starts from its own package, whatever else is called `policy`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from policy.__about__ import __version__

SOURCE = Path(__file__).resolve().parent.parent / "src"
AS_MODULE = ("-m", "tunegate")
AS_SCRIPT = ("-c", "import sys, tunegate; sys.exit(tunegate.main())")
STUB = """
import sys

def main():
    print("ours", sys.argv[-1], sys.path)
    return 4
"""
CLASHES = {
    "module": "policy.py",
    "package": "policy/__init__.py",
    "namespace": "policy/agent.py",
}


@pytest.fixture(params=CLASHES)
def clash(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a `policy` of its own, which says so when it is imported."""
    file = tmp_path / "project" / CLASHES[request.param]
    file.parent.mkdir(parents=True)
    file.write_text("raise SystemExit('hijacked')\n")
    return tmp_path / "project"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation with the real bootstrap and a command line that does nothing."""
    folder = tmp_path / "site"
    (folder / "policy/gates/cli").mkdir(parents=True)
    for package in ("policy", "policy/gates", "policy/gates/cli"):
        (folder / package / "__init__.py").touch()
    (folder / "policy/gates/cli/main.py").write_text(STUB)
    shutil.copy(SOURCE / "tunegate.py", folder)
    return folder


def run(
    how: tuple[str, ...], argument: str, cwd: Path, *path: Path, setup: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    if setup:
        how = ("-c", f"{setup}\n{AS_SCRIPT[1]}")
    command = [sys.executable, *how, argument]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", [AS_MODULE, AS_SCRIPT], ids=["module", "script"])
def test_a_project_with_its_own_policy_is_no_obstacle(how, clash, site):
    result = run(how, "version", clash, clash, site)
    assert result.stderr == ""
    assert result.stdout.startswith("ours version")
    assert result.returncode == 4


def test_the_installed_command_starts_too(clash):
    result = run(AS_MODULE, "version", clash, clash, SOURCE)
    assert result.stderr == ""
    assert __version__ in result.stdout
    assert result.returncode == 0


def test_the_path_is_restored_but_for_the_working_folder(tmp_path, clash, site):
    plain = tmp_path / "plain"
    plain.mkdir()
    shown = "import sys; print([entry for entry in sys.path if entry])"
    before, after = run(AS_SCRIPT, "version", plain, clash, site, setup=shown).stdout.splitlines()
    assert after == f"ours version {before}"


@pytest.mark.parametrize("command", [AS_MODULE, AS_SCRIPT])
def test_nothing_is_imported_from_the_working_folder(command, tmp_path, site):
    (tmp_path / "yaml.py").write_text("raise SystemExit(0)\n")
    (site / "policy/gates/cli/main.py").write_text("import yaml\n\ndef main():\n    return 4\n")
    assert run(command, "version", tmp_path, tmp_path, site).returncode == 4


@pytest.mark.parametrize("name", ["module", "package"])
def test_a_policy_that_was_loaded_first_is_refused_by_name(name, tmp_path, site):
    file = tmp_path / CLASHES[name]
    file.parent.mkdir(exist_ok=True)
    file.touch()
    setup = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import policy; del sys.path[0]"
    result = run(AS_SCRIPT, "version", site, site, setup=setup)
    assert result.returncode == 2
    assert result.stdout == ""
    assert f"Python loaded it from {file}\n" in result.stderr
    assert "help: remove or rename" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("replacement", "origin"),
    [
        (None, "nowhere (No module named 'policy')"),
        ("policy.py", "project/policy.py"),
        ("policy/agent.py", "project/policy/"),
    ],
    ids=["nothing", "module", "namespace"],
)
def test_an_incomplete_installation_is_refused(replacement, origin, tmp_path, site):
    shutil.rmtree(site / "policy")
    if replacement:
        file = tmp_path / "project" / replacement
        file.parent.mkdir(parents=True)
        file.touch()
    # Without site-packages, where the real one stands.
    result = run(("-S", *AS_SCRIPT), "version", site, site, tmp_path / "project")
    assert result.returncode == 2
    assert f"{origin}\n" in result.stderr
    assert "reinstall" in result.stderr
    assert "Traceback" not in result.stderr
