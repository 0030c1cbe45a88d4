"""A ledger where nothing can be written: what an auditor is given."""

from __future__ import annotations

import os
import sqlite3

from tests.records.keeping import fill_ledger


def test_a_ledger_on_a_read_only_medium_is_verified(plant, policy, tmp_path, unprivileged):
    plant({"medium/note": ""})
    file = tmp_path / "medium" / "ledger.db"
    url = fill_ledger(file, 3)
    driver = sqlite3.connect(file)
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.close()
    kept = sorted(os.listdir(file.parent))
    assert kept == ["ledger.db", "note"]
    file.chmod(0o444)
    file.parent.chmod(0o555)
    try:
        result = policy("ledger", "verify", "--ledger", url, prepare=unprivileged)
        shown = policy("ledger", "list", "--ledger", url, prepare=unprivileged)
        appended = policy("ledger", "key", "new", "--ledger", url, "--key", "k", prepare=unprivileged)
    finally:
        file.parent.chmod(0o755)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("verified\n")
    assert len(shown.out.splitlines()) == 3
    assert sorted(os.listdir(file.parent)) == kept
    assert appended.code == 2
    assert not (tmp_path / "k").exists()


def test_a_ledger_that_may_not_be_read_is_said(plant, policy, tmp_path, unprivileged):
    plant({})
    url = fill_ledger(tmp_path / "ledger.db", 3)
    (tmp_path / "ledger.db").chmod(0)
    try:
        result = policy("ledger", "verify", "--ledger", url, prepare=unprivileged)
    finally:
        (tmp_path / "ledger.db").chmod(0o644)
    assert (result.code, result.out) == (2, "")
    assert "cannot be used: it cannot be opened" in result.err
