"""`policy ledger catch-up` and `policy ledger key spool`: what waits is recorded, what is forged is named."""

from __future__ import annotations

import os

import pytest

from policy.app.ledgers.key_files import open_key_file
from policy.gates.cli.main import main
from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.queries import find_run
from policy.records.spool import spool_decision
from policy.records.spool_files import add_line, claimed
from policy.records.spool_statements import Issuer, Statement, write_statement
from tests.records.drafts import draft_decision
from tests.records.test_spool_replay import STATEMENTS

SET = """\
policy_set: 1
name: acme
ledger: sqlite:///ledger.db
mlflow: {server: tracking, spool_keys: [KEY], experiments: [{name: support-*, project: support-*}]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A policy set with a key, its ledger, and a spool in which a decision and three statements wait."""
    monkeypatch.chdir(tmp_path)
    assert main(["ledger", "key", "spool", "--key", "spool.key", "--server", "tracking"]) == 0
    key = open_key_file("spool.key")
    (tmp_path / "policy.yaml").write_text(SET.replace("KEY", key.verifier.text))
    with create_ledger("sqlite:///ledger.db") as ledger:
        issuer = Issuer(ledger.id, "tracking")
    spool_decision("ledger-spool", draft_decision("one"))
    for statement in STATEMENTS:
        add_line("ledger-spool-runs", write_statement(issuer, statement, key))
    return tmp_path


def call(capsys):
    capsys.readouterr()
    return main(["ledger", "catch-up"]), *capsys.readouterr()


@pytest.mark.usefixtures("folder")
def test_everything_that_waits_is_recorded(capsys):
    assert call(capsys) == (0, "4 recorded\n", "")
    assert call(capsys) == (0, "nothing waits\n", "")
    with open_ledger("sqlite:///ledger.db") as ledger:
        found = find_run(ledger, "tracking", "0" * 32)
    assert found is not None
    assert main(["ledger", "verify"]) == 0
    capsys.readouterr()
    assert main(["approvals", "list"]) == 0
    assert "BROKEN GLASS" in capsys.readouterr().out


def test_what_is_forged_is_named_and_kept(folder, capsys):
    with (folder / "ledger-spool-runs").open("ab") as stream:
        stream.write(b"forged\n")
    code, out, error = call(capsys)
    assert (code, out) == (1, "4 recorded, 1 refused\n")
    assert "line 4 of the spool" in error
    (kept,) = folder.glob("ledger-spool-runs.*.refused")
    assert kept.read_bytes() == b"forged\n"
    assert kept.name in error


def test_a_key_that_the_policy_set_does_not_name(folder, capsys):
    (folder / "policy.yaml").write_text(SET.replace("spool_keys: [KEY], ", ""))
    code, out, error = call(capsys)
    assert (code, out) == (1, "1 recorded, 3 refused\n")
    assert "none of `spool_keys`" in error
    # Nothing is lost: with the key, and put back, it is recorded.
    key = open_key_file("spool.key").verifier.text
    (folder / "policy.yaml").write_text(SET.replace("KEY", key))
    (kept,) = folder.glob("ledger-spool-runs.*.refused")
    kept.rename("ledger-spool-runs")
    assert call(capsys)[:2] == (0, "3 recorded\n")


@pytest.mark.usefixtures("folder")
def test_a_ledger_that_is_gone_loses_nothing(capsys):
    os.rename("ledger.db", "away.db")
    code, _, error = call(capsys)
    assert (code, "there is no ledger" in error) == (2, True)
    os.rename("away.db", "ledger.db")
    assert call(capsys)[:2] == (0, "4 recorded\n")


@pytest.mark.usefixtures("folder")
def test_a_statement_for_another_ledger_is_refused(capsys):
    key = open_key_file("spool.key")
    line = write_statement(
        Issuer("another", "tracking"), Statement("glass", "x", STATEMENTS[1].time, STATEMENTS[1].said), key
    )
    add_line("ledger-spool-runs", line)
    code, _, error = call(capsys)
    assert (code, "written for another ledger" in error) == (1, True)


@pytest.mark.usefixtures("folder")
def test_no_key_is_written_over(capsys):
    assert main(["ledger", "key", "spool", "--key", "spool.key"]) == 2
    assert "there is a file `spool.key` already" in capsys.readouterr().err


def test_while_another_process_is_at_it_that_is_said(folder, capsys):
    with claimed(str(folder / "ledger-spool")):
        assert call(capsys)[:2] == (2, "another process records what waits at this moment: ask again\n3 recorded\n")
    assert call(capsys)[:2] == (0, "1 recorded\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read it all the same")
def test_a_spool_that_cannot_be_read_is_no_bug(folder, capsys):
    (folder / "ledger-spool").chmod(0)
    code, _, said = call(capsys)
    assert (code, "cannot be recorded: Permission denied" in said) == (2, True)


@pytest.mark.usefixtures("folder")
def test_a_spool_that_cannot_be_moved_is_no_bug(capsys, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device", "ledger-spool")

    monkeypatch.setattr("policy.records.spool_files.os.rename", fail)
    code, _, said = call(capsys)
    assert (code, "cannot be recorded: No space left on device (ledger-spool)" in said) == (2, True)
