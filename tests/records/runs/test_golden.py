"""What a step of a run leaves in a ledger for good, held against the first edition."""

from __future__ import annotations

import json
from pathlib import Path

from policy.records.people import find_person
from policy.records.runs.queries import list_runs
from policy.records.runs.recording import record_run
from tests.records.runs.made import MANIFEST, SAID, draft_decision, list_entries, make_row, name_run

# Every later version must write these, and read them as they stand.
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "policy-run-record-1.json"


def act_everything(ledger):
    """Every state and activity, once at least."""
    changed = [{"path": "data.rows", "was": 1200, "now": 1300}]
    record_run(ledger, make_row(), SAID, draft_decision())
    record_run(ledger, make_row(state="reopened"), {**SAID, "reason": "the data changed", "changed": changed})
    held = make_row(run=name_run(1), state="held", verdict="hold", parent="0" * 32, principal="bob")
    record_run(ledger, held, {**SAID, "request": "r-abcdefgh"}, draft_decision("two", verdict="hold"))
    record_run(
        ledger, make_row(run=name_run(2), state="refused", verdict="block", manifest="", project="Übung 1"), SAID
    )
    for number, activity in enumerate(("baseline", "evaluation", "data"), 3):
        record_run(ledger, make_row(run=name_run(number), activity=activity, state="unjudged", verdict=""), SAID)


def test_what_is_recorded_is_what_the_first_edition_recorded(ledger):
    act_everything(ledger)
    text = json.dumps(list_entries(ledger, "run"))
    for number, name in enumerate(("ada", "bob"), 1):
        text = text.replace(str(find_person(ledger, name)), f"p-{number}")
    kept = json.loads(GOLDEN.read_bytes())
    assert json.loads(text) == kept
    assert {said["format"] for said in kept} == {"policy-run-record/1"}
    assert {said["manifest"] for said in kept} == {MANIFEST, ""}
    assert [row.state for row in list_runs(ledger)] == ["reopened", "held", "refused", *["unjudged"] * 3]
