"""What `policy doctor` finds of what waits beside the ledger."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from policy.app.diagnosing.findings import WARNING
from policy.app.diagnosing.spools import find_spools
from policy.model.ledger_settings import LedgerSettings
from policy.records.spool_files import add_line, take_all


def find(settings):
    workspace: Any = SimpleNamespace(policy_set=SimpleNamespace(ledger=settings))
    return [(one.level, one.message) for one in find_spools(workspace)]


@pytest.fixture
def settings(tmp_path):
    return LedgerSettings(f"sqlite:///{tmp_path}/ledger.db", folder=str(tmp_path))


def test_without_a_ledger_or_a_spool_there_is_nothing(settings):
    assert find(None) == []
    assert find(settings) == []


@pytest.mark.parametrize("name", ["ledger-spool", "ledger-spool-runs"])
def test_what_waits_and_what_was_set_aside(settings, tmp_path, name):
    path = str(tmp_path / name)
    add_line(path, b"one\n")
    (taken,) = take_all(path)
    add_line(path, b"another\n")
    (tmp_path / f"{name}.1.refused").write_bytes(b"forged\n")
    (tmp_path / f"{name}.2.damaged").write_bytes(b"torn\n")
    (tmp_path / f"{name}.lock").write_bytes(b"")
    assert find(settings) == [
        (WARNING, f"`{path}` waits to be recorded: 8 bytes"),
        (WARNING, f"`{taken}` waits to be recorded: 4 bytes"),
        (WARNING, f"`{path}.1.refused` holds what was not taken from the spool"),
        (WARNING, f"`{path}.2.damaged` holds what was not taken from the spool"),
    ]
