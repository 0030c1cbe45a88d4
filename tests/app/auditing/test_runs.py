"""Runs in a report: each counts once, by how it stood at the end, and only as its entry says."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from policy.app.auditing import runs
from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import read_period
from policy.app.ledgers.locating import Place
from policy.model.audit import Scope
from policy.model.audited_runs import RunTally
from policy.records.erasure import erase
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow, Draft, digest_bytes, store_json
from policy.records.people import identify_person
from policy.records.runs.recording import record_run
from policy.records.runs.rows import RunRow
from tests.app.auditing.history import gather, keep_quarter
from tests.app.auditing.rows import make_document
from tests.app.auditing.test_gathering import rewrite

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def read(url, since="2026-08-01", until="2026-10-31", **more):
    scope = Scope(read_period(since, until, NOW), "2026-11-01", **more)
    return gather_report(AuditRequest(scope, NOW, Place(url)))


def count(report):
    """By project and server, what there is of each."""
    return {
        (one.project, one.server): {
            name: value for name, value in one._asdict().items() if type(value) is int and value
        }
        for one in report.runs.tallies
    }


@pytest.fixture
def copied(tmp_path):
    """The quarter's ledger, to change."""
    source, target = sqlite3.connect(keep_quarter().folder / "ledger.db"), sqlite3.connect(tmp_path / "copy.db")
    source.backup(target)
    source.close()
    target.close()
    return f"sqlite:///{tmp_path}/copy.db"


def find_entry(url, run):
    """The last entry of a run."""
    with open_ledger(url) as ledger:
        return ledger.read("SELECT max(seq) FROM runs WHERE run = ?", (run * 32,))[0][0]


def test_each_run_counts_once_by_its_last_step():
    assert count(gather()) == {
        ("faq", "tracking"): {"admitted": 1, "held": 1},
        ("lost-and-found", "staging"): {"refused": 1},
        ("lost-and-found", "tracking"): {"observed": 1, "undecided": 1},
        ("reply-tone", "tracking"): {"admitted": 1, "untrained": 1, "reopened": 1},
    }
    with open_ledger(keep_quarter().url) as ledger:
        (runs_on_record,) = ledger.read("SELECT count(*) FROM (SELECT DISTINCT server, run FROM runs) r")[0]
    assert sum(one.runs for one in gather().runs.tallies) == runs_on_record == 8


def test_those_that_are_not_admitted_are_listed_with_why_and_since_when():
    listed = gather().runs.unadmitted
    assert [(one.run[0], one.state, one.project) for one in listed] == [
        ("1", "held", "faq"),
        ("5", "reopened", "reply-tone"),
        ("7", "refused", "lost-and-found"),
        ("8", "undecided", "lost-and-found"),
    ]
    assert listed[1].reason == "it was admitted as `baseline`, and logs a | model"
    assert listed[1].entry == find_entry(keep_quarter().url, "5")
    assert gather().runs.unadmitted_count == len(listed)


def test_a_run_stands_as_it_did_at_the_end_of_the_period(copied):
    held = find_entry(copied, "2") - 1
    cut = gather(size=held)
    assert count(cut) == {("faq", "tracking"): {"held": 2}}
    with open_ledger(copied) as ledger:
        (when,) = ledger.read("SELECT time FROM entries WHERE seq = ?", (find_entry(copied, "3"),))[0]
    early, late = (read(copied, **period).report for period in ({"until": when}, {"since": when}))
    assert count(early) == {("faq", "tracking"): {"admitted": 1, "held": 1}}
    # Nothing happened to those of before: they belong to the other period.
    assert ("faq", "tracking") not in count(late)
    assert count(late)["reply-tone", "tracking"] == {"admitted": 1, "untrained": 1, "reopened": 1}


def test_only_runs_of_the_projects_and_teams_in_scope_count():
    assert {project for project, _ in count(gather(projects=("faq", "lost*")))} == {"faq", "lost-and-found"}
    assert {project for project, _ in count(gather(teams=("support-ml",)))} == {"faq", "reply-tone"}
    assert count(gather(projects=("nobody",))) == {}


CHANGES = {
    "state": "UPDATE runs SET state = 'admitted' WHERE run LIKE '7%'",
    "project": "UPDATE runs SET project = 'other' WHERE run LIKE '7%'",
    "server": "UPDATE runs SET server = 'tracking' WHERE run LIKE '7%'",
    "no text": "UPDATE runs SET activity = x'00' WHERE run LIKE '7%'",
    "payload": "UPDATE payloads SET body = CAST(CAST(body AS TEXT) || ' ' AS BLOB)"
    " WHERE seq = (SELECT seq FROM runs WHERE run LIKE '7%')",
    "gone": "UPDATE payloads SET body = NULL WHERE seq = (SELECT seq FROM runs WHERE run LIKE '7%')",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_run_that_is_not_what_was_recorded_is_named_and_not_counted(copied, name):
    seq = find_entry(copied, "7")
    rewrite(copied, CHANGES[name])
    gathered = read(copied)
    assert sum(one.runs for one in gathered.report.runs.tallies) == 7
    message = f"the ledger holds something else than was recorded at entry {seq}"
    assert [problem.message for problem in gathered.problems] == [message]
    assert gathered.report.doubts[0].startswith(f"{message}: what does not fit is not counted")


def test_a_step_that_the_table_lacks_is_missed(copied):
    rewrite(copied, "DELETE FROM runs WHERE run LIKE '7%'")
    messages = [problem.message for problem in read(copied).problems]
    assert messages == [
        f"the ledger holds something else than was recorded at entry {find_gone(copied)}",
        "the ledger has 10 steps of runs, and its index 9",
    ]


def find_gone(url):
    """The entry of a run that no row belongs to."""
    with open_ledger(url) as ledger:
        query = "SELECT seq FROM entries WHERE type = 'run' AND seq NOT IN (SELECT seq FROM runs)"
        return ledger.read(query)[0][0]


def test_a_step_that_hides_the_last_one_is_missed(copied):
    hidden = (
        "INSERT INTO runs SELECT server, run, experiment, project, principal, activity, manifest, decision, 'admitted',"
        " verdict, parent, (SELECT max(seq) FROM entries WHERE type = 'policy-set') FROM runs WHERE run LIKE '5%'"
        " AND state = 'reopened'"
    )
    rewrite(copied, hidden)
    assert [problem.message for problem in read(copied).problems] == [
        "the ledger has 10 steps of runs, and its index 11"
    ]


def test_an_erased_step_is_said_and_not_counted(copied):
    with open_ledger(copied) as ledger:
        payload = ledger.read("SELECT payload FROM entries WHERE seq = ?", (find_entry(copied, "7"),))[0][0]
        erase(ledger, payload, by=identify_person(ledger, "lee"), reason="asked for")
    gathered = read(copied)
    assert gathered.problems == []
    assert ("lost-and-found", "staging") not in count(gathered.report)
    assert "1 step of runs erased: what they said is not counted" in gathered.report.doubts


def draft_judged(number, **more):
    """A decision at the gate of runs."""
    name, facts = digest_bytes(b"%d" % number), store_json("facts", {"number": number})
    document = {**make_document(), "id": name, "gate": "run", "mode": "enforce", "stake": None, **more}
    inputs = {"facts": facts.digest, "waivers": facts.digest}
    payload = {"format": "policy-decision-record/1", "decision": document, "inputs": inputs}
    stated = [str(document[key]) for key in ("project", "gate", "verdict", "time", "policy_set")]
    return Draft("decision", payload, (facts,), DecisionRow._make((name, *stated, facts.digest, "", 0)))


def train(ledger, number, decision, **more):
    row = RunRow("tracking", f"{number:032}", "7", "tone", "kim", "training", "", "", "held", "hold")
    record_run(
        ledger, row._replace(**more), {"policy_set": decision.payload["decision"]["mode"], "mode": None}, decision
    )


@pytest.fixture
def many(tmp_path):
    """Attempts to run, of which some began, and to release."""
    url = f"sqlite:///{tmp_path}/many.db"
    with create_ledger(url) as ledger:
        for number in range(30):
            train(ledger, number, draft_judged(number, verdict="hold"))
        ledger.append([draft_judged(number) for number in range(30, 35)])
        ledger.append([draft_judged(number, gate="release", verdict="allow") for number in range(35, 37)])
    return url


def test_what_is_listed_is_limited_and_what_is_counted_is_not(many, monkeypatch):
    monkeypatch.setattr(runs, "MOST_LISTED", 4)
    report = read(many, since=None, until="2999-01-01").report
    assert len(report.runs.unadmitted) == 4
    assert report.runs.tallies == (RunTally("tone", "tracking", held=30),)
    assert "30 runs are not admitted, of which the first 4 are listed" in report.doubts


def test_attempts_are_counted_by_verdict_and_those_without_a_run_are_told(many):
    release, run = read(many, since=None, until="2999-01-01").report.runs.gates
    assert (release.gate, dict(release.verdicts), release.begun) == ("release", {"allow": 2}, None)
    assert (run.gate, dict(run.verdicts), run.begun) == ("run", {"hold": 30, "block": 5}, 30)
    (cut,) = read(many, since=None, until="2999-01-01", policies=("a",)).report.runs.gates[1:]
    # Of a part of the policies it is not told: other decisions count than all that runs name.
    assert cut.begun is None


def test_what_a_gate_only_observes_is_told_by_the_decision(tmp_path):
    url = f"sqlite:///{tmp_path}/observed.db"
    with create_ledger(url) as ledger:
        for number, mode in enumerate(["observe", "enforce", "observe"]):
            train(ledger, number, draft_judged(number, mode=mode), state="admitted", verdict="allow")
    assert read(url, since=None, until="2999-01-01").report.runs.tallies == (RunTally("tone", "tracking", 1, 2),)


def test_in_the_quarter_only_releases_were_decided():
    (one,) = gather().runs.gates
    assert (one.project, one.gate, dict(one.verdicts), one.begun) == ("faq", "release", {"block": 2}, None)
