"""Workers that differ: beside each other, where one meets a newer ledger, and where one has other policies yet."""

from __future__ import annotations

import pytest

from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import load_panel
from policy.errors import PolicyError
from policy.gates.mlflow.server.app import open_guard
from policy.records.layout import VERSION
from policy.records.ledger import create_ledger
from policy.records.runs.uploads import put_upload
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, VOLATILE, make_sent, write_set
from tests.gates.mlflow.server.neighbours import Place, approve_anywhere, begin_anywhere, release_anywhere
from tests.gates.mlflow.server.ways import assert_refused, begin, get_run, send, start

NEWER = f"{int(VERSION) + 1:04}"
OLDER = f"{int(VERSION) - 1:04}"
OTHER = make_sent(model={"parameters": 4_100_000_000})


def test_workers_share_what_they_decide_until_the_ledger_is_one_of_a_newer_version(server, experiment):
    place = Place(server.folder)
    with place.work("second") as second:
        run = begin_anywhere(server, second, experiment)
        approve_anywhere(server, second, experiment, 3_100_000_000)
        release_anywhere(second, server, "support-mixed", run)
    baseline = start(server, experiment, BLOCKED, activity="baseline")
    send(server, OTHER, "ada")
    before, active = place.read("SELECT count(*) FROM entries"), list_active(server, experiment)
    place.mark(NEWER)
    try:
        refuse_to_write(server, experiment, run, baseline)
        # Who starts now says so at once.
        with pytest.raises(PolicyError, match="was written by a newer version of tunegate"):
            make_guard(place.folder)
    finally:
        assert place.mark(VERSION) == NEWER
    assert (place.read("SELECT count(*) FROM entries"), list_active(server, experiment)) == (before, active)
    # Put back it goes on, without a new start.
    assert start(server, experiment)
    with open_snapshot(f"sqlite:///{place.folder}/ledger.db") as snapshot:
        assert verify_ledger(snapshot).findings == ()


def refuse_to_write(server, experiment, run, baseline):
    """Nothing that would be recorded begins, waits or changes; the rest goes on."""
    said = (f"has schema {NEWER} by now", f"writes {VERSION}", "upgrade tunegate")
    tuned = {"run_id": baseline, "key": "lora_alpha", "value": "16"}
    for answer in (
        begin(server, experiment, GOOD),
        begin(server, experiment, OTHER),
        server.call("runs/log-parameter", tuned, "ada"),
    ):
        assert_refused(answer, *said)
    assert_refused(begin(server, experiment, BLOCKED))
    new = make_sent(model={"parameters": 5_100_000_000})
    answer = server.ask("PUT", f"/policy/api/1/manifests/{new.digest}", raw=new.body, user="ada")
    assert answer.status == 403
    assert said[0] in answer.body["message"]
    metric = {"run_id": run, "key": "loss", "value": 0.4, "timestamp": 2}
    assert server.call("runs/log-metric", metric, "ada").status == 200
    assert get_run(server, run)["info"]["status"] == "FINISHED"


def list_active(server, experiment):
    body = {"experiment_ids": [experiment], "run_view_type": "ACTIVE_ONLY"}
    return {run["info"]["run_id"] for run in server.call("runs/search", body, "admin").body["runs"]}


def test_a_new_worker_leaves_an_older_ledger_as_it_is_until_somebody_brings_it_up_to_date(tmp_path):
    place = Place(write_set(tmp_path))
    create_ledger(f"sqlite:///{tmp_path}/ledger.db").close()
    place.mark(OLDER)
    with pytest.raises(PolicyError, match=r"written by an older version[^`]+`policy ledger init`"):
        make_guard(tmp_path)
    assert place.mark(VERSION) == OLDER


def test_a_worker_that_has_the_earlier_policies_yet_judges_by_all_of_them_and_then_as_the_others(tmp_path, monkeypatch):
    late, other = (make_guard(write_set(tmp_path)) for _ in range(2))
    with late.ledger, other.ledger:
        put_upload(late.ledger, "ada", GOOD.digest, GOOD.body)
        before = [decide(guard) for guard in (late, other)]
        with monkeypatch.context() as patch:
            # As if it had not looked at the files since.
            patch.setattr(late.reloader, "get_panel", lambda: late.panel)
            (tmp_path / "policies/volatile-data.yaml").write_text(VOLATILE.replace("30d", "365d"))
            between = [decide(guard) for guard in (late, other)]
        after = [decide(guard) for guard in (late, other)]
        assert [one.verdict for one in (*before, *between, *after)] == [*["allow"] * 3, *["block"] * 3]
        first, strict = before[0], between[1]
        assert {one.basis for one in (*before, between[0])} == {first.basis}
        assert {one.basis for one in after} == {strict.basis}
        # The ledger says which of them it was.
        recorded = {row.decision_id: (row.verdict, row.policy_set) for row in late.ledger.read_decisions(gate="run")}
        assert set(recorded.values()) == {("allow", first.policy_set), ("block", strict.policy_set)}
        assert first.policy_set != strict.policy_set


def make_guard(folder):
    config = str(folder / "policy.yaml")
    return open_guard(load_panel(config, str(folder)), config)


def decide(guard):
    """What a worker decides about the same run, which is on record then."""
    guard.refresh()
    binding = guard.panel.settings.find_binding("support-x", "1")
    admission = guard.hear(binding, Attempt("1", "support-x", "ada", GOOD.digest))
    guard.register.note_decision(admission)
    return admission.decision
