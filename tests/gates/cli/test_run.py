"""`policy run`: the command runs where the project may, and is never started where it may not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.gates.cli.conftest import SET, write_manifest, write_policy

ROWS = write_policy("rows", "require: {data.rows: {at_least: 100}}\neffect: {run: block, default: advise}\n")
OWNER = write_policy("owner", "when: {stage: {equals: pilot}}\nrequire: {owner.team: {present: true}}\neffect: hold\n")
FILES = {"policy.yaml": SET, "policies/rows.yaml": ROWS, "policies/owner.yaml": OWNER}
GOOD = write_manifest("tone", "data: {rows: 500}\n")
PROGRAM = "import sys; print('ran', sys.argv[1:]); sys.exit(7)"


@pytest.fixture
def run(plant):
    """Calls `policy run` in a process of its own, which the command takes the place of."""

    def start(manifest, *words, folder=".", **files):
        root = plant({**FILES, **({"ml-manifest.yaml": manifest} if manifest else {}), **files})
        (root / ".git").mkdir(exist_ok=True)
        command = [sys.executable, "-W", "error", "-m", "tunegate", "run", *words]
        where = root / folder
        return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False, env=os.environ)

    return start


def test_the_command_has_its_own_output_and_exit_code(run):
    done = run(GOOD, "--", sys.executable, "-c", PROGRAM, "--config", "x", "--")
    assert (done.returncode, done.stdout) == (7, "ran ['--config', 'x', '--']\n")
    assert "tone" in done.stderr


@pytest.mark.parametrize(
    ("manifest", "code", "said"),
    [
        (write_manifest("tone", "data: {rows: 5}\n"), 1, "rows"),
        (write_manifest("tone", "stage: pilot\ndata: {rows: 500}\n"), 4, "owner"),
        ("manifest: 1\nproject: tone\ndata: {rows: few}\n", 2, "`few` is not a whole number"),
        ("", 3, "there is nothing to judge"),
    ],
)
def test_where_it_may_not_it_is_not_started(manifest, code, said, run):
    done = run(manifest, "--", sys.executable, "-c", PROGRAM)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_the_project_is_that_of_the_manifest_above(run):
    done = run(GOOD, "--", sys.executable, "-c", PROGRAM, folder="policies")
    assert (done.returncode, done.stdout) == (7, "ran []\n")


def test_the_gate_is_run(run, call):
    run(write_manifest("tone", "data: {rows: 5}\n"), "--", "true")
    assert call("check").code == 0
    assert call("check --gate run").code == 1


@pytest.mark.parametrize("name", ["no-such-command", "./ml-manifest.yaml"])
def test_a_command_that_there_is_not(name, plant, call):
    plant({**FILES, "ml-manifest.yaml": GOOD})
    result = call(f"run -- {name}")
    assert (result.code, result.out) == (2, "")
    assert f"there is no command `{name}` that could be run" in result.err


def test_a_program_that_the_system_does_not_take(plant, call):
    (plant({**FILES, "ml-manifest.yaml": GOOD, "broken": ""}) / "broken").chmod(0o755)
    result = call("run -- ./broken")
    assert result.code == 2
    assert "`./broken` cannot be run" in result.err
