"""`policy run`: the command runs where the project may, and is never started where it may not."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from policy.app.approvals.desk import cast_vote
from policy.app.checking import Check, CheckRequest
from policy.app.workspace import open_workspace
from policy.gates.cli.run import HELD, count_run
from policy.records.ledger import open_ledger
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_row, find_rows
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
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


LIMITED = """\
ledger: sqlite:///ledger.db
approvals: {roles: {leads: [alice]}, rules: [{roles: [leads], runs: 2}]}
"""
PILOT = write_manifest("tone", "stage: pilot\ndata: {rows: 500}\n")


def begin(run):
    return run(PILOT, "--", sys.executable, "-c", PROGRAM, **{"policy.yaml": SET + LIMITED})


def approve():
    """By alice, what is open; the request."""
    workspace = open_workspace(os.getcwd())
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        with open_session(ledger) as session:
            (row,) = find_rows(session, state="pending")
        cast_vote(ledger, workspace.policy_set, row.id, "approve", name="alice", reason="")
        return row.id


def read_uses(request):
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        entries = [entry for entry in ledger.read_entries() if entry.type == "use"]
        with open_session(ledger) as session:
            row = find_row(session, request)
        assert row is not None
        return row.uses, len(entries)


def test_each_training_is_counted_on_the_approval_that_lets_it_begin(run, call):
    assert begin(run).returncode == HELD
    request = approve()
    for number in (1, 2):
        # What only looks is not counted.
        assert call("check --gate run").code == 0
        assert (begin(run).returncode, read_uses(request)) == (7, (number, number))
    done = begin(run)
    assert (done.returncode, done.stdout) == (HELD, "")
    again = approve()
    assert again != request
    assert (begin(run).returncode, read_uses(again), read_uses(request)[0]) == (7, (1, 3), 2)
    with open_snapshot("sqlite:///ledger.db") as snapshot:
        assert verify_ledger(snapshot).total == 0


def test_what_is_blocked_besides_is_not_counted(run):
    begin(run)
    request = approve()
    few = {"other/ml-manifest.yaml": write_manifest("other", "data: {rows: 5}\n")}
    files = {"policy.yaml": SET + LIMITED, "tone/ml-manifest.yaml": PILOT, **few}
    os.unlink("ml-manifest.yaml")
    assert run("", "--", sys.executable, "-c", PROGRAM, **files).returncode == 1
    assert read_uses(request) == (0, 0)


def test_the_last_run_goes_to_one_of_those_that_begin_at_once(run, capsys):
    begin(run)
    request = approve()
    check = Check(CheckRequest((".",), "run", datetime.now(UTC), jobs=1))
    assert [one.verdict for one in check.run()] == ["allow"]
    assert [begin(run).returncode for _ in range(2)] == [7, 7]
    assert count_run(check) == HELD
    assert "the approval covers no more runs" in capsys.readouterr().err
    assert read_uses(request) == (2, 2)


@pytest.mark.parametrize(
    ("address", "manifest", "is_said"),
    [
        ("http://127.0.0.1:5000", PILOT, True),
        ("https://mlflow.example.com", write_manifest("tone", "data: {rows: 5}\n"), True),
        ("http://127.0.0.1:5000", GOOD, False),
        ("policy+http://127.0.0.1:5000", PILOT, False),
        ("sqlite:///runs.db", PILOT, False),
        ("", PILOT, False),
    ],
)
def test_a_server_that_may_judge_instead_is_named_where_nothing_begins(run, monkeypatch, address, manifest, is_said):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    done = run(manifest, "--", sys.executable, "-c", "")
    assert ("`MLFLOW_TRACKING_URI` names a server, which was not asked" in done.stderr) == is_said
