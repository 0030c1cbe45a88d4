"""Decisions are recorded with what they rest on, and judged again from that alone, however they came about."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest

from policy.app.recording.differences import GONE, find_differences
from policy.app.recording.replaying import rename_engine, replay_named
from policy.errors import PolicyError
from policy.model.approval import Approval
from policy.model.canonical import canonical_json
from policy.model.waiver import Waiver
from policy.records.erasure import erase
from policy.records.ledger import Ledger, open_ledger
from policy.records.lookup import Named
from policy.records.objects import Draft
from policy.records.people import identify_person
from policy.reports.json_report import decision_document

pytest.importorskip("sqlalchemy")

NOW = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
SET = "policy_set: 1\nledger: sqlite:///ledger.db\n"
MANIFEST = """\
manifest: 1
project: reply-tone
owner: {team: support-ml, contact: support-ml@example.com}
approach: fine-tuning
purpose: [style]
stage: production
data:
  change_interval: 7d
  sources: [{path: data/train.jsonl, license: cc-by-4.0, split: train}]
model: {base: Qwen/Qwen2.5-7B-Instruct, revision: a09a354, license: apache-2.0}
training: {method: sft, adapter: lora}
budget: {per_run: 200 USD}
tried:
  - {approach: prompt-engineering, results: evals/prompt.json}
"""
ROW = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
FILES = {"policy.yaml": SET, "ml-manifest.yaml": MANIFEST, "data/train.jsonl": ROW * 3}


def replay(decision_id, path="ledger.db"):
    with open_ledger(f"sqlite:///{path}", create=False) as ledger:
        return replay_named(ledger, decision_id)


def find_entry(ledger, decision_id):
    entry = ledger.find_decision(decision_id)
    assert entry is not None
    return entry


def read_payload(decision_id):
    with open_ledger("sqlite:///ledger.db") as ledger:
        body = ledger.get_payload(find_entry(ledger, decision_id))
    assert isinstance(body, bytes)
    return json.loads(body)


def test_it_comes_out_as_it_was_without_any_file(record):
    (decision,) = record(FILES)
    replayed = replay(decision.id)
    assert replayed.same
    assert replayed.complete
    assert canonical_json(replayed.decision) == canonical_json(decision_document(decision))
    assert replay(decision.id.removeprefix("sha256:")).same
    assert os.listdir(".") == ["ledger.db"] or set(os.listdir(".")) <= {"ledger.db", "ledger.db-wal", "ledger.db-shm"}


def test_several_subjects_of_one_manifest_each_have_their_own(record):
    config = "base_model: Qwen/Qwen2.5-7B\ndatasets: [{path: data/train.jsonl, type: alpaca}]\nadapter: lora\n"
    decisions = record({**FILES, "train/a.yaml": config, "train/b.yaml": config.replace("lora", "qlora")})
    assert len(decisions) >= 2
    for decision in decisions:
        assert replay(decision.id).decision["training_config"] == decision.subject.training_config
        assert replay(decision.id).same


@pytest.mark.parametrize("gate", ["check", "commit", "run", "release"])
def test_at_every_gate(record, gate):
    (decision,) = record(FILES, gate=gate)
    assert replay(decision.id).same


def test_waivers_and_approvals_that_counted(record):
    (held,) = record(FILES, gate="release")
    failed = next(item.policy for item in held.outcomes if item.outcome == "fail")
    waivers = (
        Waiver(failed, "reply-*", "the model is retired", date(2026, 12, 31), "jane", "OPS-1", "john"),
        Waiver(failed, "other", "of another", date(2026, 12, 31)),
    )
    approvals = (Approval("john", "jane", "release", held.stake, NOW + timedelta(days=1)),)
    (decision,) = record(FILES, gate="release", waivers=waivers, approvals=approvals)
    assert any(item.outcome == "waived" for item in decision.outcomes)
    assert decision.approvals != held.approvals
    assert replay(decision.id).same


def test_a_policy_set_of_several_layers_with_fields_parameters_dates_and_an_expression(record):
    pytest.importorskip("cel_expr_python")
    files = {
        "policy.yaml": (
            f"{SET}extends: [./org]\npolicies: [catalogue:data, ./rules]\n"
            "params: {duplicate-rows.largest_rate: 0.5}\n"
            "gates: {ci: {on_error: flag}}\nfrom: {team-size: 2027-01-01}\n"
        ),
        "org/policy.yaml": "policy_set: 1\nname: acme\npolicies: []\nfields: {x.team: {type: integer, about: Size}}\n",
        "rules/team/size.yaml": (
            "policy: team-size\ntitle: Team\nseverity: low\nrequire: {x.team: {at_least: 5}}\neffect: block\n"
        ),
        "rules/team/cel.yaml": (
            "policy: rows\ntitle: Rows\nseverity: low\neffect: hold\nrequire: {cel: 'data.rows > 100'}\n"
        ),
        "ml-manifest.yaml": f"{MANIFEST}x.team: 3\n".replace("x.team: 3", "x: {team: 3}"),
        "data/train.jsonl": ROW,
    }
    (decision,) = record(files)
    outcomes = {item.policy: item for item in decision.outcomes}
    assert outcomes["team-size"].effect == "flag"
    assert replay(decision.id).same


def test_an_index_that_leads_to_another_decision_is_said(record):
    """Otherwise it would be that other one that comes out the same."""
    first, second = record({**FILES, "other/ml-manifest.yaml": MANIFEST.replace("reply-tone", "other")})
    with closing(sqlite3.connect("ledger.db", isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            if name.startswith("policy_decisions_update"):
                ((text,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchall()
                connection.execute(f"DROP TRIGGER {name}")
        for old, new in ((first.id, "x"), (second.id, first.id), ("x", second.id)):
            connection.execute("UPDATE decisions SET decision_id = ? WHERE decision_id = ?", (new, old))
        connection.execute(text)
    connection.close()
    for one in (first, second):
        with pytest.raises(PolicyError, match="is another one than"):
            replay(one.id)


def test_an_unknown_decision_is_said(record):
    record(FILES)
    with pytest.raises(PolicyError, match="there is no decision `sha256:0`"):
        replay("sha256:0")
    with pytest.raises(PolicyError):
        replay("sha256:0", "nowhere.db")
    assert not os.path.exists("nowhere.db")


@pytest.mark.parametrize(
    ("use", "name"), [("facts", "facts were"), ("policy_set", "policy set was"), ("waivers", "waivers were")]
)
def test_an_erased_input_is_named_with_who_why_and_when(record, use, name):
    (decision,) = record(FILES)
    digest = read_payload(decision.id)["inputs"][use]
    with open_ledger("sqlite:///ledger.db") as ledger:
        person = identify_person(ledger, "Jane Doe")
        erase(ledger, digest, by=person, reason="asked for by its owner")
    with pytest.raises(PolicyError) as refusal:
        replay(decision.id)
    (problem,) = refusal.value.problems
    assert f"its {name} erased" in problem.message
    assert f"by {person}, as entry 2 records: asked for by its owner" in problem.message


def test_it_is_found_by_its_number_and_by_what_only_its_id_begins_with(record):
    (decision,) = record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        ledger.append([Draft("comment", {"format": "x/1"})])
    for name in ("1", decision.id, decision.id.removeprefix("sha256:"), decision.id[:15], decision.id[7:15]):
        replayed = replay_by(name)
        assert (replayed.same, replayed.decision["id"]) == (True, decision.id)
    for name, said in (
        ("2", "entry 2 records no decision: its type is `comment`"),
        ("7", "no decision `7`"),
        ("", "``"),
    ):
        with pytest.raises(PolicyError, match=said):
            replay_by(name)


def replay_by(name):
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        return replay_named(ledger, name)


def test_the_same_decision_is_recorded_once(record):
    first, second = record(FILES), record(FILES)
    assert first[0].id == second[0].id
    with open_ledger("sqlite:///ledger.db") as ledger:
        assert ledger.head()[0] == 1


def change(decision_id, edit):
    """A ledger that holds another payload under the decision's id, as a later or an earlier version might."""
    payload = read_payload(decision_id)
    edit(payload)
    return Faked(decision_id, payload)


class Faked:
    """A ledger with one decision of which the payload is given."""

    opened: ClassVar[list[Ledger]] = []

    def __init__(self, decision_id, payload):
        self.ledger = open_ledger("sqlite:///ledger.db")
        self.opened.append(self.ledger)
        self.id = self.ledger.id
        self.entry = find_entry(self.ledger, decision_id)
        self.payload = payload

    def find_named(self, name):
        return Named(self.entry, name)

    def get_object(self, digest):
        return self.ledger.get_object(digest)

    def get_payload(self, entry):
        return canonical_json(self.payload)


@pytest.fixture(autouse=True)
def closed():
    yield
    while Faked.opened:
        Faked.opened.pop().close()


def replay_changed(decision, edit):
    return replay_named(change(decision.id, edit), decision.id)


def test_another_version_of_the_engine_alone_is_no_difference(record):
    (decision,) = record(FILES)
    older = decision_document(rename_engine(decision, "tunegate 0.0.9"))
    changed = change(decision.id, lambda payload: payload.update(decision=older))
    replayed = replay_named(changed, older["id"])
    assert older["id"] != decision.id
    assert replayed.same
    assert (replayed.engine_then, replayed.engine) == ("tunegate 0.0.9", decision.engine)


def test_every_value_that_differs_is_named(record):
    (decision,) = record(FILES)

    def edit(payload):
        recorded = payload["decision"]
        recorded["verdict"] = "allow"
        recorded["outcomes"][0]["message"] = "otherwise"
        recorded["outcomes"].append({"policy": "gone", "outcome": "pass"})
        recorded["of_a_former_version"] = 1

    replayed = replay_changed(decision, edit)
    first = decision.outcomes[0]
    assert {item.path: (item.recorded, item.replayed) for item in replayed.differences} == {
        "verdict": ("allow", decision.verdict),
        f"outcomes[{first.policy}].message": ("otherwise", first.message),
        "outcomes[gone]": ({"policy": "gone", "outcome": "pass"}, GONE),
        "of_a_former_version": (1, GONE),
    }


def test_what_a_version_does_not_record_yet_is_no_difference(record):
    (decision,) = record(FILES)

    def forget(payload):
        del payload["decision"]["baseline"]
        for outcome in payload["decision"]["outcomes"]:
            del outcome["note"]

    assert replay_changed(decision, forget).same


def test_another_time_of_judging_is_a_difference(record):
    (decision,) = record(FILES)
    later = (NOW + timedelta(days=400)).isoformat()
    replayed = replay_changed(decision, lambda payload: payload.update(judged_at=later))
    assert {"id", "time"} <= {item.path for item in replayed.differences}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda payload: payload.update(format="policy-decision-record/2"),
            "this version reads policy-decision-record/1",
        ),
        (lambda payload: payload.clear(), "this version reads"),
        (lambda payload: payload.update(decision=None), "lacks what every record has"),
        (lambda payload: payload["decision"].pop("gate"), "lacks what every record has"),
        (lambda payload: payload["inputs"].pop("facts"), "lacks what every record has"),
        (lambda payload: payload["inputs"].update(facts=1), "lacks what every record has"),
        (lambda payload: payload["inputs"].update(facts="sha256:0"), "its facts are gone"),
        (
            lambda payload: payload["inputs"].update(facts=payload["inputs"]["waivers"]),
            "this version reads policy-facts",
        ),
        (lambda payload: payload["inputs"].update(policy_set=payload["inputs"]["facts"]), "policy-sources/1"),
        (lambda payload: payload.update(judged_at="yesterday"), "time of judging cannot be read"),
        (lambda payload: payload.update(judged_at="2026-11-20T10:00:00"), "time of judging cannot be read"),
    ],
)
def test_a_payload_that_no_version_wrote_is_refused(record, edit, said):
    (decision,) = record(FILES)
    with pytest.raises(PolicyError, match=said):
        replay_changed(decision, edit)


def test_lists_are_compared_by_what_their_entries_are_known_by():
    old = [{"policy": "a", "n": 1}, {"policy": "b", "n": 1}, {"policy": "b", "n": 2}]
    assert list(find_differences(old, old)) == []
    assert [item.path for item in find_differences(old, [old[1], old[0], old[2]], "o")] == ["o (their order)"]
    assert [item.path for item in find_differences(old, old[:2], "o")] == ["o[b#2]"]
    assert [item.path for item in find_differences({"a": [1, 2]}, {"a": [1, 3]})] == ["a[1]"]
    assert [item.path for item in find_differences({"a": True}, {"a": 1})] == ["a"]
