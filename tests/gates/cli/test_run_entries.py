from __future__ import annotations

import json
import re

import pytest

from policy.records.ledger import create_ledger
from policy.records.runs.alike import find_index
from policy.records.runs.recording import record_run
from tests.records.runs.made import SAID, draft_decision, make_row, name_run


@pytest.fixture
def decision(plant):
    """A ledger with a run that is held, and one that nothing was decided on; gives the decision."""
    plant({"policy.yaml": "policy_set: 1\nledger: sqlite:///ledger.db\n"})
    draft = draft_decision(verdict="hold")
    with create_ledger("sqlite:///ledger.db") as ledger:
        record_run(ledger, make_row(state="held", verdict="hold"), SAID, draft)
        record_run(ledger, make_row(run=name_run(1), activity="baseline", state="unjudged"), SAID)
    return find_index(draft).decision_id


def test_steps_of_runs_are_listed(call, decision):
    lines = [line.split()[2:] for line in call("ledger list --type run").out.splitlines()]
    assert lines == [
        ["run", "held", "support-bot", name_run(0), decision],
        ["run", "unjudged", "support-bot", name_run(1)],
    ]
    entries = json.loads(call("ledger list --output json").out)["entries"]
    assert [(one["type"], one["run"], one["state"]) for one in entries] == [
        ("decision", "", ""),
        ("run", name_run(0), "held"),
        ("run", name_run(1), "unjudged"),
    ]


def test_a_step_is_shown_without_a_name(call, decision):
    shown = call("ledger show 2").out
    assert f'"decision": "{decision}"' in shown
    assert '"principal": "p-' in shown
    # Digests may have these letters, too.
    assert re.search(r"\bada\b", shown) is None


@pytest.mark.usefixtures("decision")
def test_runs_are_verified(call):
    found = call("ledger verify")
    assert (found.code, found.out.splitlines()[-1]) == (0, "verified")
