"""`policy check` as at a time that is to come: nothing is recorded, and nobody is asked for an approval."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.gates.cli.main import main
from policy.records.ledger import open_ledger
from tests.gates.cli.conftest import SET
from tests.gates.cli.test_approvals import MANIFEST, POLICY
from tests.gates.cli.test_approvals import SET as APPROVING

pytest.importorskip("sqlalchemy")

LEDGER = "ledger: sqlite:///ledger.db\n"
LATER = "2999-01-01"
SAID = "warning: nothing is recorded in the ledger `sqlite:///ledger.db`, and nobody is asked: 2999-01-01 00:00 UTC is"


def count_entries():
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        return ledger.head()[0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_recorded_and_it_is_said_once(stages, plant, call, jobs):
    plant({"policy.yaml": SET + LEDGER})
    stages({f"p{number}": "prototype" for number in range(60)})
    plant({"policy.yaml": SET + LEDGER})
    checked = call(f"check --gate ci --effective-time {LATER} --jobs {jobs} --output json")
    assert checked.code == 4
    assert checked.err.count("nothing is recorded") == 1
    assert SAID in checked.err
    document = json.loads(checked.out)
    assert document["ledger"] is None
    assert {decision["verdict"] for decision in document["decisions"]} == {"hold"}
    assert list(Path().glob("ledger*")) == []


def test_a_ledger_that_is_there_stays_as_it_is(stages, plant, call):
    stages({"a": "prototype"})
    plant({"policy.yaml": SET + LEDGER})
    assert call("check --gate ci").code == 4
    size = count_entries()
    assert size > 1
    assert call(f"check --gate ci --effective-time {LATER}").code == 4
    assert count_entries() == size
    assert SAID not in call("check --gate ci").err


@pytest.mark.parametrize("time", ["2026-01-01", "now"])
def test_what_is_not_to_come_is_recorded(stages, plant, call, time):
    stages({"a": "pilot"})
    plant({"policy.yaml": SET + LEDGER})
    shown = "" if time == "now" else f"--effective-time {time}"
    checked = call(f"check --gate ci {shown}")
    assert checked.code == 0
    assert "1 recorded" in checked.out
    assert "nobody is asked" not in checked.err


@pytest.mark.parametrize("settings", ["", "ledger: {url: 'sqlite:///ledger.db', gates: [release]}\n"])
def test_without_a_ledger_of_the_gate_nothing_is_said(stages, plant, call, settings):
    stages({"a": "pilot"})
    plant({"policy.yaml": SET + settings})
    assert "nothing is recorded" not in call(f"check --gate ci --effective-time {LATER}").err


def test_what_is_approved_counts_as_long_as_it_does(plant, call, monkeypatch):
    plant({"policy.yaml": APPROVING, "policies/data/volatile-data.yaml": POLICY, "ml-manifest.yaml": MANIFEST})

    def act(who, line):
        monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: f"os:{who}@desk")
        return main(line.split())

    def check(time):
        return call(f"check --gate run --effective-time {time}").code

    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert check(soon) == 4
    assert not Path("ledger.db").exists()
    assert act("dave", "check --gate run") == 4
    with open_ledger("sqlite:///ledger.db") as ledger:
        ((asked,),) = ledger.read("SELECT id FROM requests")
    for who in ("alice", "bob"):
        assert act(who, f"approvals approve {asked}") == 0
    size = count_entries()
    assert check(soon) == 0
    assert check(LATER) == 4
    assert count_entries() == size
