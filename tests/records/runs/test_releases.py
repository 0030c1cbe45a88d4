"""What was released from a run is on record in order, whatever is recorded beside it at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from policy.errors import PolicyError
from policy.records.erasure import erase
from policy.records.people import identify_person
from policy.records.runs.queries import find_run, list_runs
from policy.records.runs.recording import record_run
from policy.records.runs.releases import find_history, record_release
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.drafts import check_chain
from tests.records.runs.made import MANIFEST, SAID, draft_decision, list_entries, make_row, name_run

RUN = "0" * 32
KEY = ("tracking", RUN)


def release(ledger, version, *files):
    return record_release(ledger, *KEY, version, files)


def test_a_release_is_a_step_by_which_a_run_stays_what_it_is(ledger, url):
    row = record_run(ledger, make_row(), {**SAID, "mode": "observe"}, draft_decision())
    assert release(ledger, "support/1", f"{RUN}/model", "m-1", "m-1")
    assert release(ledger, "support/2")
    # As often as it is asked for.
    assert release(ledger, "support/2")
    found = find_history(ledger, *KEY)
    assert [(one.version, one.files) for one in found.released] == [
        ("support/1", (f"{RUN}/model", "m-1")),
        ("support/2", ()),
        ("support/2", ()),
    ]
    assert find_run(ledger, *KEY) == row._replace(seq=found.released[-1].seq)
    assert [one.run for one in list_runs(ledger)] == [RUN]
    _, first, *_ = list_entries(ledger, "run")
    assert first["release"] == {"version": "support/1", "files": [f"{RUN}/model", "m-1"]}
    assert (first["mode"], first["policy_set"], first["state"]) == ("observe", SAID["policy_set"], "admitted")
    # A step that is none is not recorded again.
    assert record_run(ledger, row._replace(seq=0), SAID).seq == found.released[-1].seq
    assert check_chain(ledger) == [1, 2, 3, 4, 5]
    with open_snapshot(url) as snapshot:
        assert verify_ledger(snapshot).findings == ()


def test_what_was_released_before_a_change_is_current_no_more(ledger):
    row = record_run(ledger, make_row(), SAID)
    assert release(ledger, "support/1")
    assert find_history(ledger, *KEY).is_current("support/1")
    assert find_history(ledger, *KEY).is_current("support/9")
    record_run(ledger, row._replace(state="reopened"), {"reason": "changed"})
    assert not release(ledger, "support/2")
    record_run(ledger, row, SAID)
    found = find_history(ledger, *KEY)
    assert (found.has("support/1"), found.is_current("support/1")) == (True, False)
    assert (found.has("support/2"), found.is_current("support/2")) == (False, False)
    assert release(ledger, "support/2")
    found = find_history(ledger, *KEY)
    assert (found.is_current("support/1"), found.is_current("support/2")) == (False, True)


@pytest.mark.parametrize("state", ["held", "refused", "reopened"])
def test_only_what_is_admitted_is_released(ledger, state):
    record_run(ledger, make_row(state=state), SAID)
    assert not release(ledger, "support/1")
    assert not record_release(ledger, "tracking", name_run(7), "support/1", ())
    assert find_history(ledger, "tracking", name_run(7)).last is None
    assert find_history(ledger, "tracking", "x\ny").last is None
    assert len(list_entries(ledger, "run")) == 1


def test_a_change_at_the_same_time_is_never_taken_back(ledger):
    runs = [make_row(run=name_run(number)) for number in range(8)]
    for row in runs:
        record_run(ledger, row, SAID)
    with ThreadPoolExecutor(8) as pool:
        changes, releases = [], []
        for row in runs:
            changes.append(pool.submit(record_run, ledger, row._replace(state="reopened"), {"reason": "changed"}))
            releases.append(pool.submit(record_release, ledger, "tracking", row.run, "support/1", ()))
    for row, changed, released in zip(runs, changes, releases, strict=True):
        found = find_history(ledger, "tracking", row.run)
        assert changed.result().state == "reopened"
        # Before the change, or not at all.
        assert found.has("support/1") == released.result()
        assert found.last is not None
        assert found.last.state == "reopened"
        assert not found.is_current("support/1")


def test_what_says_too_much_is_refused(ledger):
    record_run(ledger, make_row(), SAID)
    with pytest.raises(PolicyError, match="bytes"):
        release(ledger, "support/1", *(f"{number:0500}" for number in range(200)))
    assert len(list_entries(ledger, "run")) == 1


def test_a_release_whose_text_was_erased_is_on_no_record(ledger):
    record_run(ledger, make_row(manifest=MANIFEST), SAID)
    assert release(ledger, "support/1")
    (entry,) = [entry for entry in ledger.read_entries() if entry.seq == 2]
    erase(ledger, entry.payload, by=identify_person(ledger, "privacy"), reason="asked")
    found = find_history(ledger, *KEY)
    assert found.released == ()
    assert found.last is not None
    assert found.last.state == "admitted"
