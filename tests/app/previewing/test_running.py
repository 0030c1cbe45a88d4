"""A ledger judged again: nothing changes by the same policy set, and by another one what `judge` says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.app.previewing import exceptions
from policy.app.previewing.running import INCOMPLETE, OTHERS, PreviewRun, say_changed
from policy.engine.judge import judge
from policy.model.approval import Approval
from policy.model.gates import EFFECTS, MODES, VERDICTS
from policy.model.recorded.facts import decode_facts
from policy.model.waiver import Waiver
from policy.records.erasure import erase
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow, Draft, StoredObject
from policy.records.people import identify_person
from tests.app.previewing.conftest import ALL, NOW
from tests.records.keeping import tampering

pytest.importorskip("sqlalchemy")

SET = "policy_set: 1\nledger: sqlite:///ledger.db\n"
OWN = "policies: [./rules]\n"
MANIFEST = """\
manifest: 1
project: {name}
owner: {{team: {team}, contact: {team}@example.com}}
approach: fine-tuning
stage: {stage}
"""
RULE = "policy: stage-{name}\ntitle: About\nseverity: low\nrequire: {{stage: {name}}}\neffect: {effect}\n"
RULES = {
    "rules/own/pilot.yaml": RULE.format(name="pilot", effect="flag"),
    "rules/own/production.yaml": RULE.format(name="production", effect="hold"),
}
PROJECTS = {
    "a/ml-manifest.yaml": MANIFEST.format(name="alpha", team="search", stage="pilot"),
    "b/ml-manifest.yaml": MANIFEST.format(name="beta", team="support", stage="production"),
    "c/ml-manifest.yaml": MANIFEST.format(name="gamma", team="support", stage="prototype"),
}
FILES = {"policy.yaml": SET + OWN, **RULES, **PROJECTS}


def change_set(text):
    return {"policy.yaml": SET + OWN + text, **RULES}


def read_bytes(found):
    """What is in the ledger, which is there."""
    assert isinstance(found, bytes)
    return found


def read_json(found):
    """The value of what is in the ledger."""
    return json.loads(read_bytes(found))


def add_copies(count, *, edit=None, **row):
    """More decisions as the first one, recorded under other ids."""
    with open_ledger("sqlite:///ledger.db") as ledger:
        (kept, body) = next(ledger.read_payloads())
        start = ledger.head()[0]
        drafts = []
        for number in range(start, start + count):
            payload = read_json(body)
            payload["decision"]["id"] = f"sha256:{number:064x}"
            objects: tuple[StoredObject, ...] = ()
            if edit is not None:
                document = read_json(ledger.get_object(kept.facts))
                other = StoredObject("facts", edit(document, number))
                objects, payload["inputs"]["facts"] = (other,), other.digest
            payload["decision"].update({key: value for key, value in row.items() if key in payload["decision"]})
            index = kept._replace(decision_id=payload["decision"]["id"], facts=payload["inputs"]["facts"], seq=0, **row)
            drafts.append(Draft("decision", payload, objects, index))
        ledger.append(drafts)


def test_by_the_same_policy_set_nothing_changes(record, preview):
    record(FILES)
    record(FILES, gate="release")
    changes, found = preview(change_set(""))
    assert changes == []
    assert (found.counts.judged, found.counts.unchanged, found.recorded) == (6, 6, 6)
    assert found.fates == {"blocked": 0, "held": 0, "flagged": 0, "freed": 0, "same": 3}
    assert found.projects == ()


def test_nor_where_waivers_and_approvals_counted(record, preview):
    held = record(FILES, gate="release")
    stake = next(item.stake for item in held if item.verdict == "hold" and item.subject.project == "gamma")
    waivers = (Waiver("stage-production", "al*", "why", date(2026, 12, 31), "jane", "", "john"),)
    approvals = (Approval("john", "jane", "release", stake, NOW + timedelta(1)),)
    made = record(FILES, gate="release", waivers=waivers, approvals=approvals)
    assert {item.subject.project: item.verdict for item in made} == {"alpha": "allow", "beta": "flag", "gamma": "flag"}
    changes, found = preview(change_set(""))
    assert (changes, found.counts.judged) == ([], 6)
    # The one that is waived, and all to which the approval was given.
    assert found.excepted >= 2


def test_an_approval_counts_only_where_the_same_is_at_stake(record, preview):
    held = record(FILES, gate="release")
    stake = next(item.stake for item in held if item.subject.project == "gamma")
    record(FILES, gate="release", approvals=(Approval("john", "jane", "release", stake, None),))
    changes, _ = preview(change_set("effects: {stage-pilot: advise}\n"), project="gamma")
    # What is advised now was flagged then, and is at stake both times.
    assert [(change.old, change.new) for change in changes] == [("flag", "allow")]
    rules = {**RULES, "rules/own/more.yaml": RULE.format(name="retired", effect="flag")}
    changes, _ = preview({"policy.yaml": SET + OWN, **rules}, project="gamma")
    assert [(change.old, change.new) for change in changes] == [("flag", "hold")]


def test_who_would_be_blocked_and_freed_and_whose_that_is(record, preview):
    record(FILES)
    changes, found = preview(change_set("effects: {stage-pilot: block, stage-production: advise}\n"))
    told = [(change.subject.project, change.old, change.new, change.policies) for change in changes]
    # The newest first: they were recorded in the order of their names.
    assert told == [
        ("gamma", "hold", "block", ("stage-pilot",)),
        ("beta", "flag", "block", ("stage-pilot",)),
        ("alpha", "hold", "allow", ()),
    ]
    assert [change.owner.team for change in changes] == ["support", "support", "search"]
    assert found.fates == {"blocked": 2, "held": 0, "flagged": 0, "freed": 1, "same": 0}
    assert [project.project for project in found.projects] == ["beta", "gamma", "alpha"]
    (standing,) = found.projects[0].standings
    assert standing.policies == (("stage-pilot", "fail", "fail", "flag", "block"),)
    pilot, production = found.policies
    assert (pilot.count("block"), pilot.judged, pilot.newly, pilot.owners) == (2, 3, 2, (("support", 2),))
    assert (production.decisions.acts["advise"], production.owners) == (2, ())


def test_promotion_tells_what_observing_kept_back(record, preview):
    record(FILES)
    _, found = preview(change_set("effects: {stage-pilot: block}\nmodes: {stage-pilot: observe}\n"))
    policy = found.policies[0]
    assert (policy.mode, policy.decisions.acts, policy.decisions.kept) == ("observe", {}, {"block": 2})
    assert (policy.concerned["block"], policy.projects, policy.owners) == (2, 3, (("support", 2),))


def test_what_was_not_recorded_stays_unknown(record, preview):
    record(FILES)
    rule = "policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 3}}\neffect: block\n"
    changes, found = preview({**change_set(""), "rules/own/rows.yaml": rule})
    (rows,) = (policy for policy in found.policies if policy.policy == "rows")
    assert (rows.decisions.outcomes["unknown"], rows.missing) == (3, (("data.rows", 3),))
    assert {change.new for change in changes} == {"hold"}


def test_only_what_was_asked_for(record, preview):
    record(FILES)
    record(FILES, gate="release")
    block = change_set("effects: {stage-pilot: block}\n")
    assert {change.gate for change in preview(block, gate="release")[0]} == {"release"}
    changes, found = preview(block, project="*ta")
    assert ({change.subject.project for change in changes}, found.recorded) == ({"beta"}, 2)
    assert preview(block, until="2026-11-20T10:00:00Z")[1].recorded == 0
    assert preview(block, since="2026-11-20T10:00:00Z")[1].recorded == 6
    assert preview(block, since="2026-11-20T10:00:01Z")[1].recorded == 0


def test_a_day_of_its_own_or_one_for_all(record, preview):
    record(FILES)
    later = change_set("effects: {stage-pilot: block}\nfrom: {stage-pilot: 2027-01-01}\n")
    changes, found = preview(later)
    assert (changes, found.policies[0].decisions.kept["block"]) == ([], 2)
    changes, _ = preview(later, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert [change.new for change in changes] == ["block", "block"]


def test_the_waivers_of_the_new_set_count_as_on_the_day_of_the_preview(record, preview):
    record(FILES)
    rules = "waiver_rules: {approvers: {default: [john]}}\nwaivers: [waivers.yaml]\n"
    waiver = (
        "waivers: 1\nentries:\n  - {policy: stage-pilot, subject: beta, reason: why, expires: 2026-12-31, owner: jane,"
        " requested_by: jane, requested_on: 2026-11-20, approved_by: john, approved_on: 2026-11-20}\n"
    )
    block = "effects: {stage-pilot: block}\n"
    files = {**change_set(block + rules), "waivers.yaml": waiver}
    changes, found = preview(files)
    assert {change.subject.project: change.new for change in changes} == {"beta": "allow", "gamma": "block"}
    assert found.policies[0].decisions.outcomes["waived"] == 1
    assert found.policies[0].count("block") == 1


def test_the_latest_decision_is_that_of_the_latest_time(record, preview):
    record(FILES)
    block = change_set("effects: {stage-pilot: block}\n")
    # Recorded afterwards, from a spool, and made before.
    add_copies(1, time="2026-11-01T10:00:00Z")
    _, found = preview(block)
    latest = {
        standing.latest.subject.project: standing.latest for item in found.projects for standing in item.standings
    }
    assert latest["beta"].time == "2026-11-20T10:00:00Z"


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_it_is_what_judging_says(record, load, data):
    with open_ledger("sqlite:///ledger.db") as ledger:
        if not ledger.head()[0]:
            record(FILES)
            record(FILES, gate="release")
    effect, mode = st.sampled_from(EFFECTS), st.sampled_from(MODES)
    said = "".join(
        f"{key}: {{stage-pilot: {data.draw(values)}, stage-production: {data.draw(values)}}}\n"
        for key, values in (("effects", effect), ("modes", mode))
    )
    workspace = load(change_set(said))
    with open_ledger("sqlite:///ledger.db") as ledger:
        run = PreviewRun(workspace, ledger, ALL)
        changes = {change.entry: change.new for change in run.run()}
        for row in ledger.read_decisions():
            facts = decode_facts(read_json(ledger.get_object(row.facts)))
            decision = judge(workspace.policy_set, facts, gate=row.gate, now=datetime.fromisoformat(row.time))
            assert changes.get(row.seq, row.verdict) == decision.verdict
        assert run.finish().counts.judged == 6


def copy_decisions(url):
    """All decisions with their inputs, recorded in another ledger."""
    with open_ledger("sqlite:///ledger.db") as ledger, create_ledger(url) as other:
        for row, body in ledger.read_payloads():
            payload = read_json(body)
            kinds = [(kind, payload["inputs"][kind]) for kind in ("facts", "waivers", "approvals")]
            objects = [StoredObject(kind, read_bytes(ledger.get_object(digest))) for kind, digest in kinds]
            other.append([Draft("decision", payload, objects, row._replace(seq=0))])


def test_every_database_gives_the_same(record, load, url):
    record(FILES, waivers=(Waiver("stage-production", "al*", "why", date(2026, 12, 31)),))
    record(FILES, gate="release")
    copy_decisions(url)
    workspace = load(change_set("effects: {stage-pilot: block}\n"))
    told = []
    for place in ("sqlite:///ledger.db", url):
        with open_ledger(place) as ledger:
            run = PreviewRun(workspace, ledger, ALL._replace(project="*a"))
            changes, found = list(run.run()), run.finish()
            told.append((changes, found.counts.transitions, found[1:]))
            assert (found.excepted, len(changes)) == (1, 4)
    assert told[0] == told[1]


# What cannot be judged again


def test_what_was_erased_is_counted_and_said(record, preview):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        row = next(ledger.read_decisions(project="beta"))
        erase(ledger, row.facts, by=identify_person(ledger, "Jane Doe"), reason="asked for")
    _, found = preview(change_set(""))
    assert (found.counts.judged, found.recorded) == (2, 3)
    assert found.unjudged == {"the recorded facts were erased": 1}


def test_an_erased_record_leaves_only_the_old_outcomes_out(record, preview):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        entry = next(entry for entry in ledger.read_entries() if entry.seq == 2)
        erase(ledger, entry.payload, by=identify_person(ledger, "Jane Doe"), reason="asked for")
    changes, found = preview(change_set("effects: {stage-pilot: block}\n"), project="beta")
    assert [change.new for change in changes] == ["block"]
    assert found.projects[0].standings[0].policies is None


def test_facts_of_a_newer_format_are_counted_and_said(record, preview):
    record(FILES)
    add_copies(2, edit=lambda document, _: json.dumps({**document, "format": "policy-facts/2"}).encode())
    _, found = preview(change_set(""))
    ((why, count),) = found.unjudged.items()
    assert ("their format is 'policy-facts/2', and this version reads policy-facts/1" in why, count) == (True, 2)
    assert found.counts.judged == 3


def test_of_many_reasons_a_few_are_told(record, preview):
    record(FILES)
    add_copies(40, edit=lambda document, number: json.dumps({**document, "format": f"x/{number}"}).encode())
    _, found = preview(change_set(""))
    assert (len(found.unjudged), found.unjudged[OTHERS], sum(found.unjudged.values())) == (21, 20, 40)


def test_what_does_not_follow_from_the_record_is_not_judged(record, preview):
    record(FILES)

    def redact(document, _):
        return json.dumps({**document, "redacted": {"claims.0": ["secret"]}}).encode()

    add_copies(1, edit=redact)
    assert preview(change_set(""))[1].counts.judged == 4
    with open_ledger("sqlite:///ledger.db") as ledger:
        row, body = list(ledger.read_payloads())[-1]
        payload = {**read_json(body), "complete": False}
        payload["decision"]["id"] = "sha256:" + "a" * 64
        index = DecisionRow(*row[:-1])._replace(decision_id=payload["decision"]["id"])
        ledger.append([Draft("decision", payload, (), index)])
    _, found = preview(change_set(""))
    assert (found.counts.judged, found.unjudged) == (4, {INCOMPLETE: 1})


def test_what_was_tampered_with_is_not_judged(record, preview):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        row = next(ledger.read_decisions(project="beta"))
    with tampering(Path("ledger.db")) as driver:
        driver.execute("UPDATE objects SET body = x'7b7d' WHERE digest = ?", (row.facts,))
    _, found = preview(change_set(""))
    assert found.unjudged == {say_changed([row.seq]): 1}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verdict", "fine"),
        ("verdict", "hold"),
        ("gate", "back-door"),
        ("gate", "release"),
        ("time", "2026-02-30T00:00:00Z"),
        ("time", "2026-11-19T12:00:00Z"),
        ("time", "2026"),
        ("project", "alpha"),
        ("stake", "sha256:0"),
        ("policy_set", "sha256:0"),
        ("decision_id", "sha256:0"),
        ("facts", "sha256:0"),
        ("verdict", 7),
        ("stake", '","x":"'),
    ],
)
def test_an_index_that_says_what_nobody_decided_is_not_judged(record, preview, column, value):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        seq = next(ledger.read_decisions(project="beta")).seq
    with tampering(Path("ledger.db")) as driver:
        driver.execute(f"UPDATE decisions SET {column} = ? WHERE project = 'beta'", (value,))
    changes, found = preview(change_set(""), since="2026")
    assert (found.unjudged, found.counts.judged) == ({say_changed([seq]): 1}, 2)
    assert changes == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payloads SET body = replace(body, 'beta', 'zeta') WHERE seq = ?",
        "UPDATE payloads SET body = 7 WHERE seq = ?",
        "UPDATE payloads SET body = NULL WHERE seq = ?",
        "DELETE FROM payloads WHERE seq = ?",
        "UPDATE entries SET payload = (SELECT payload FROM entries WHERE seq = 1) WHERE seq = ?",
        "UPDATE entries SET type = 'comment' WHERE seq = ?",
        "UPDATE entries SET leaf = 'x' WHERE seq = ?",
        "DELETE FROM entries WHERE seq = ?",
    ],
)
def test_a_record_that_is_not_what_its_entry_names_is_not_judged(record, preview, statement):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        seq = next(ledger.read_decisions(project="beta")).seq
    with tampering(Path("ledger.db")) as driver:
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute(statement, (seq,))
    _, found = preview(change_set(""))
    assert (found.unjudged, found.counts.judged) == ({say_changed([seq]): 1}, 2)


def test_a_changed_payload_and_a_forged_index_are_no_newly_held_project(record, preview):
    """Both at once, each of which says the same."""
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        row, body = next(ledger.read_payloads(project="beta"))
    forged = read_bytes(body).replace(b'"verdict":"%s"' % row.verdict.encode(), b'"verdict":"hold"')
    assert forged != body
    with tampering(Path("ledger.db")) as driver:
        driver.execute("UPDATE payloads SET body = ? WHERE seq = ?", (forged, row.seq))
        driver.execute("UPDATE decisions SET verdict = 'hold' WHERE seq = ?", (row.seq,))
    changes, found = preview(change_set(""))
    assert (changes, found.unjudged) == ([], {say_changed([row.seq]): 1})


def test_a_payload_that_another_version_wrote_otherwise_is_read(record, preview):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        row, body = next(ledger.read_payloads(project="beta"))
        payload = {**read_json(body), "zeal": 1}
        payload["decision"].update(id="sha256:" + "c" * 64, proposed={"verdict": "hold"}, added="later")
        ledger.append([Draft("decision", payload, (), row._replace(decision_id="sha256:" + "c" * 64, seq=0))])
    _, found = preview(change_set(""))
    assert (found.unjudged, found.counts.judged) == ({}, 4)


def test_a_decision_that_was_taken_out_of_the_index_is_missed(record, load):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        run = PreviewRun(load(change_set("")), ledger, ALL)
        assert (list(run.run()), run.finish().counts.judged, run.warnings) == ([], 3, ())
    with tampering(Path("ledger.db")) as driver:
        driver.execute("DELETE FROM decisions WHERE project = 'beta'")
    with open_ledger("sqlite:///ledger.db") as ledger:
        run = PreviewRun(load(change_set("")), ledger, ALL)
        assert (list(run.run()), run.finish().counts.judged) == ([], 2)
    assert [problem.message for problem in run.warnings] == ["the ledger has 3 decisions, and its index 2"]


def test_of_many_changed_entries_a_few_are_named():
    assert say_changed([3]).endswith("at entry 3: verify it")
    assert say_changed(list(range(1000, 0, -1))).endswith("at entries 1, 2, 3, 4, 5 and 995 more: verify it")


@pytest.mark.parametrize("outcomes", [None, {}, [1], "x"])
def test_outcomes_that_nobody_wrote_are_left_out(record, preview, outcomes):
    record(FILES)
    with open_ledger("sqlite:///ledger.db") as ledger:
        row, body = next(ledger.read_payloads(project="beta"))
        payload = read_json(body)
        payload["decision"].update(id="sha256:" + "b" * 64, outcomes=outcomes, time="2026-11-20T11:00:00Z")
        index = row._replace(decision_id=payload["decision"]["id"], time="2026-11-20T11:00:00Z", seq=0)
        ledger.append([Draft("decision", payload, (), index)])
    _, found = preview(change_set("effects: {stage-pilot: block}\n"), project="beta")
    assert found.projects[0].standings[0].policies is None


def test_waivers_that_were_erased_are_no_reason_to_guess(record, preview):
    waivers = (Waiver("stage-production", "al*", "why", date(2026, 12, 31)),)
    record(FILES, waivers=waivers)
    with open_ledger("sqlite:///ledger.db") as ledger:
        digests = [digest for (digest,) in ledger.read("SELECT digest FROM objects WHERE kind = 'waivers'")]
        for digest in set(digests) - {exceptions.NO_WAIVERS}:
            erase(ledger, digest, by=identify_person(ledger, "Jane Doe"), reason="asked for")
    _, found = preview(change_set(""))
    assert found.unjudged == {"the recorded waivers were erased": 3}


def test_only_decisions_that_may_have_exceptions_are_looked_into(record, load, monkeypatch):
    waivers = (Waiver("stage-production", "al*", "why", date(2026, 12, 31)),)
    record({**FILES, **PROJECTS}, waivers=waivers)
    read = []
    real = exceptions.Exceptions.read

    def note(self, row):
        read.append(row.project)
        return real(self, row)

    monkeypatch.setattr(exceptions.Exceptions, "read", note)
    with open_ledger("sqlite:///ledger.db") as ledger:
        assert list(PreviewRun(load(change_set("")), ledger, ALL).run()) == []
    assert read == ["alpha"]


def test_all_verdicts_are_counted(record, preview):
    record(FILES)
    add_copies(30)
    changes, found = preview(change_set("effects: {stage-production: block, stage-pilot: block}\n"))
    assert found.counts.judged == 33
    assert len(changes) == sum(found.counts.count_harder(verdict) for verdict in VERDICTS) == 33
    (alpha,) = (item for item in found.projects if item.project == "alpha")
    assert (alpha.standings[0].judged, alpha.standings[0].harder) == (31, 31)
