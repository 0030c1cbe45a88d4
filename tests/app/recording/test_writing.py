"""What becomes of decisions that cannot be recorded is `on_error`; where the gate goes on, they wait in a spool."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

from policy.app.approvals.identity import identify_user
from policy.app.recording.gathering import SOURCE
from policy.app.recording.recorder import Recorder
from policy.app.recording.replaying import replay_named
from policy.app.recording.writing import BATCH, Writer, find_folder
from policy.app.trusted.base import Base
from policy.app.workspace import open_workspace
from policy.model.facts import Facts
from policy.model.ledger_settings import LedgerSettings
from policy.records import ledger as ledgers
from policy.records.faults import LedgerError
from policy.records.ledger import open_ledger
from policy.records.people import find_person
from policy.records.spool import read_spool
from policy.records.spool_files import Damage
from tests.app.recording.conftest import NOW
from tests.building import make_facts

RULE = "policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: block\n"


@pytest.fixture
def workspace(plant):
    """A workspace with a ledger; `gates` are the settings of its gates."""

    def make(gates="{}", ledger="sqlite:///ledger.db"):
        text = f"policy_set: 1\npolicies: [./rules]\nledger: {ledger}\ngates: {gates}\n"
        return open_workspace(str(plant({"policy.yaml": text, "rules/a/rows.yaml": RULE})))

    return make


def judge(workspace, count=1):
    """The records of decisions about so many projects."""
    recorder = Recorder(workspace.policy_set, "ci", NOW)
    for number in range(count):
        facts = make_facts(f"project: p{number}")
        recorder.note(recorder.judge(Facts(facts.claims, workspace.policy_set.schema, facts.subject)))
    return recorder.take()


def write(workspace, records):
    writer = Writer(workspace, workspace.policy_set.ledger, "ci")
    writer.add(records)
    return writer.finish()


def read_ledger():
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        rows = list(ledger.read_decisions())
        assert [replay_named(ledger, row.decision_id).same for row in rows] == [True] * len(rows)
        return rows


@pytest.fixture
def fail(monkeypatch):
    """From its so-many-th use on the ledger cannot be written."""

    def plant(kind="full", after=0):
        uses: Counter[str] = Counter()
        append = ledgers.Ledger.append

        def refuse(ledger, drafts, **others):
            uses["append"] += 1
            if uses["append"] > after:
                raise LedgerError(kind, "the ledger `ledger.db` cannot be used: its disk is full")
            return append(ledger, drafts, **others)

        monkeypatch.setattr(ledgers.Ledger, "append", refuse)
        return uses

    return plant


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7])
def test_all_are_recorded_however_many_they_are(workspace, count):
    made = workspace()
    counts = write(made, judge(made, count))
    assert counts[:5] == ("sqlite:///ledger.db", count, 0, 0, None)
    assert {row.project for row in read_ledger()} == {f"p{number}" for number in range(count)}


def test_nothing_to_record_opens_nothing(workspace):
    made = workspace()
    assert write(made, [])[1:5] == (0, 0, 0, None)
    assert not os.path.exists("ledger.db")


def test_a_policy_set_is_stored_once(workspace):
    made = workspace()
    write(made, judge(made, 3))
    write(made, judge(made, 5))
    with open_ledger("sqlite:///ledger.db") as ledger:
        stored = Counter(kind for (kind,) in ledger.read("SELECT kind FROM objects"))
    assert stored["policy-set"] == 1
    # The set, its policy, and five tables.
    assert stored[SOURCE] == 7
    assert stored["facts"] == 5


def test_a_policy_set_that_reads_otherwise_is_recorded_though_the_decision_is_known(workspace, plant):
    made = workspace()
    write(made, judge(made))
    plant({"policy.yaml": "# a word more\npolicy_set: 1\npolicies: [./rules]\nledger: sqlite:///ledger.db\n"})
    again = open_workspace(made.root)
    write(again, judge(again, 2))
    assert len(read_ledger()) == 2


@pytest.mark.parametrize(
    ("gates", "effect", "kept"),
    [
        ("{}", "block", 0),
        ("{ci: {on_error: hold}}", "hold", 0),
        ("{ci: {on_error: flag}}", "flag", 3),
        ("{ci: {on_error: advise}}", "advise", 3),
        ("{ci: {mode: observe}}", None, 3),
        ("{ci: {mode: flag}}", "flag", 3),
    ],
)
def test_what_a_failure_does_is_on_error_as_the_mode_leaves_it(workspace, fail, gates, effect, kept):
    made = workspace(gates)
    fail()
    counts = write(made, judge(made, 3))
    assert counts[1:5] == (0, kept, 3 - kept, effect)
    problem = counts.problems[-1]
    assert "3 decisions are" in problem.message
    assert "its disk is full" in problem.message
    assert problem.remedy.startswith("make room")
    assert ("the gate went on without" in problem.message) == bool(kept)
    assert os.path.exists("ledger-spool") == bool(kept)


def test_what_waits_is_recorded_by_the_next_run(workspace, fail, monkeypatch):
    made = workspace("{ci: {on_error: flag}}")
    records = judge(made, BATCH + 5)
    with monkeypatch.context() as patch:
        append = ledgers.Ledger.append
        fail(after=1)
        counts = write(made, records)
        patch.setattr(ledgers.Ledger, "append", append)
    assert counts[1:5] == (BATCH, 5, 0, "flag")
    monkeypatch.setattr(ledgers.Ledger, "append", append)
    assert write(made, judge(made))[1:5] == (1, 0, 0, None)
    assert len(read_ledger()) == BATCH + 5
    assert not os.path.exists("ledger-spool")


def test_after_a_failure_the_ledger_is_not_asked_again(workspace, fail):
    made = workspace()
    uses = fail()
    assert write(made, judge(made, 3 * BATCH)).lost == 3 * BATCH
    assert uses["append"] == 1


def test_the_files_of_the_policy_set_wait_once(workspace, fail):
    made = workspace("{ci: {on_error: flag}}")
    fail()
    write(made, judge(made, 3))
    damaged: list[Damage] = []
    drafts = [*read_spool("ledger-spool", damaged)]
    assert damaged == []
    assert [sum(item.kind == SOURCE for item in one.draft.objects) for one in drafts] == [7, 0, 0]
    assert all("policy-set" in {item.kind for item in one.draft.objects} for one in drafts)


def test_where_nothing_can_wait_either_the_gate_blocks(workspace, fail):
    made = workspace("{ci: {on_error: flag}}", "{url: 'sqlite:///ledger.db', spool: missing/spool}")
    fail()
    counts = write(made, judge(made, 2))
    assert counts[1:5] == (0, 0, 2, "block")
    assert any("spool of the ledger" in problem.message for problem in counts.problems)
    observing = workspace("{ci: {mode: observe}}", "{url: 'sqlite:///ledger.db', spool: missing/spool}")
    counts = write(observing, judge(observing, 2))
    assert counts[1:5] == (0, 0, 2, None)
    assert "the gate only observes" in counts.problems[-1].message


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + bytes(4000)])
def test_a_file_that_is_no_ledger(workspace, content):
    made = workspace()
    with open("ledger.db", "wb") as stream:
        stream.write(content)
    counts = write(made, judge(made))
    assert (counts.lost, counts.effect) == (1, "block")


def test_a_spool_of_other_content_is_set_aside_and_said(workspace):
    made = workspace()
    with open("ledger-spool", "wb") as stream:
        stream.write(b"nobody wrote this\n")
    counts = write(made, judge(made))
    assert counts[1:5] == (1, 0, 0, None)
    assert any("cannot be replayed" in problem.message for problem in counts.problems)
    assert len(read_ledger()) == 1


def test_a_spool_that_is_a_folder_hinders_nothing(workspace):
    made = workspace()
    os.mkdir("ledger-spool")
    counts = write(made, judge(made))
    assert counts[1:5] == (1, 0, 0, None)
    assert any("the spool of the ledger" in problem.message for problem in counts.problems)


def test_a_policy_set_whose_files_do_not_give_it_again_is_said_and_recorded(workspace):
    made = workspace()
    sources = tuple(read._replace(data=b"policy_set: 1\npolicies: []\n") for read in made.policy_set.sources[:1])
    changed = made._replace(policy_set=replace_sources(made.policy_set, sources))
    counts = write(changed, judge(changed))
    assert counts[1:5] == (1, 0, 0, None)
    assert any("does not give the same one again" in problem.message for problem in counts.problems)


def replace_sources(policy_set, sources):
    values = {name: getattr(policy_set, name) for name in policy_set._fields}
    return type(policy_set)(**{**values, "sources": sources})


def test_the_payload_names_everything(workspace):
    made = workspace()
    write(made, judge(made))
    with open_ledger("sqlite:///ledger.db") as ledger:
        (row,) = ledger.read_decisions()
        entry = ledger.find_decision(row.decision_id)
        assert entry is not None
        body = ledger.get_payload(entry)
        actor = find_person(ledger, identify_user())
    assert isinstance(body, bytes)
    payload = json.loads(body)
    assert payload["format"] == "policy-decision-record/1"
    assert payload["inputs"].keys() == {"facts", "policy_set", "waivers", "tables", "approvals"}
    assert payload["actor"] == actor
    assert payload["judged_at"] == "2026-11-20T10:00:00.123456+00:00"
    assert payload["policies_from"] is None
    assert (row.project, row.gate, row.verdict) == ("p0", "ci", payload["decision"]["verdict"])
    assert row.facts == payload["inputs"]["facts"]
    assert row.policy_set == payload["decision"]["policy_set"]


def test_of_a_base_the_ledger_lies_in_the_work_tree(workspace, tmp_path):
    made = workspace()
    base = Base("main", "0" * 40, str(tmp_path / "copies"), "main@0000000000")
    inside = LedgerSettings("sqlite:///a.db", folder=f"{base.copy}/conf")
    based = made._replace(base=base)
    assert find_folder(based, inside) == f"{made.root}/conf"
    assert find_folder(based, LedgerSettings("sqlite:///a.db", folder=base.copy)) == made.root
    assert find_folder(based, LedgerSettings("sqlite:///a.db", folder="/org")) == "/org"
    assert find_folder(made, LedgerSettings("sqlite:///a.db", folder="/org")) == "/org"


def test_of_what_is_pushed_the_ledger_lies_in_the_repository(workspace):
    made = workspace()._replace(root="/tmp/policy-1/judged")
    for folder, found in [
        ("/tmp/policy-1/judged", "/srv/r.git"),
        ("/tmp/policy-1/judged/conf", "/srv/r.git/conf"),
        ("/tmp/policy-1/before/conf", "/srv/r.git/conf"),
        ("/org", "/org"),
    ]:
        assert find_folder(made, LedgerSettings("sqlite:///a.db", folder=folder), "/srv/r.git") == found
