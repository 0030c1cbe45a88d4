"""Settings of a tracking server at the command line: listed, shown, verified, and in the report."""

from __future__ import annotations

import csv
import io
import json

import pytest

from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.records.ledger import create_ledger
from policy.records.server_settings import record_settings
from policy.records.settings_comparison import describe_settings

SAID = {"source": {"file": "policy.yaml", "commit": None}, "seen": "start", "actor": None}


@pytest.fixture(autouse=True)
def settings(plant):
    """A ledger in which a project is switched to observe; gives both settings."""
    plant({"policy.yaml": "policy_set: 1\nledger: sqlite:///ledger.db\n"})
    made = [
        describe_settings(MlflowSettings((Binding(("support-*",), (), ("support-tone",), mode=mode),)))
        for mode in ("", "observe")
    ]
    with create_ledger("sqlite:///ledger.db") as ledger:
        for one in made:
            record_settings(ledger, "tracking", one, SAID)
    return made


def test_they_are_listed_by_their_server(call):
    lines = [line.split()[2:] for line in call("ledger list --type policy-set").out.splitlines()]
    assert [line[:2] for line in lines] == [["policy-set", "mlflow/tracking"]] * 2
    entries = json.loads(call("ledger list --output json").out)["entries"]
    assert len({one["policy_set"] for one in entries}) == 2


def test_what_changed_is_shown(call):
    shown = json.loads(call("ledger show 2 --output json").out)["payload"]
    assert shown["changes"] == [{"experiment": "support-*", "key": "mode", "old": None, "new": "observe"}]
    assert shown["before"]["entry"] == 1
    assert '"new": "observe"' in call("ledger show 2").out


def test_they_are_verified(call):
    found = call("ledger verify")
    assert (found.code, found.out.splitlines()[-1]) == (0, "verified")


def test_the_report_names_them(call):
    rows = list(csv.DictReader(io.StringIO(call("report --output csv:mlflow_settings").out)))
    assert [(row["server"], row["experiments"], row["key"], row["after"]) for row in rows[-1:]] == [
        ("tracking", "support-*", "mode", "observe")
    ]
    doubts = json.loads(call("report --output json").out)["doubts"]
    assert doubts[0].startswith("what runs in `support-*` at the server tracking is only observed since ")
