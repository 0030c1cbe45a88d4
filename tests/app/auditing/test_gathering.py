"""Reports over a ledger, over manifests, and over both."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from policy.app.auditing.documents import Reader
from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import read_period
from policy.app.auditing.recorded import Recorded
from policy.app.auditing.tally import Tally
from policy.app.ledgers.locating import Place
from policy.errors import PolicyError
from policy.model.audit import RESULTS, Scope
from policy.records.erasure import erase
from policy.records.ledger import open_ledger
from tests.app.auditing.history import OPEN, POLICIES, History, gather, keep_quarter, write_manifest
from tests.records.trees import root_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
EVERYTHING = Scope(read_period("2026-08-01", "2026-10-31", NOW), "2026-11-01")


def read(url, **more):
    return gather_report(AuditRequest(EVERYTHING._replace(**more), NOW, Place(url)))


@pytest.fixture
def copied(tmp_path):
    """The quarter's ledger, to change."""
    source, target = sqlite3.connect(keep_quarter().folder / "ledger.db"), sqlite3.connect(tmp_path / "copy.db")
    source.backup(target)
    source.close()
    target.close()
    return f"sqlite:///{tmp_path}/copy.db"


def find_person(ledger, name):
    return ledger.read("SELECT id FROM people WHERE name = ?", (name,))[0][0]


def test_every_decision_and_result_is_counted():
    counts = gather().counts
    assert (counts.recorded, counts.judged, counts.projects) == (16, 0, 4)
    assert counts.total == 16 * 5
    assert counts.results == dict.fromkeys(RESULTS, 0) | {
        "pass": 20,
        "fail": 13,
        "waived": 3,
        "waived-unknown": 4,
        "unknown": 26,
        "not-evaluated": 14,
    }


def test_the_index_counts_the_same():
    with open_ledger(keep_quarter().url) as ledger:
        assert gather().counts.recorded == len(list(ledger.read_decisions()))


def test_the_ledger_is_named_by_what_it_was():
    report = gather()
    with open_ledger(keep_quarter().url) as ledger:
        size, chain = ledger.head()
        leaves = [entry.leaf for entry in ledger.read_entries()]
    assert report.ledger is not None
    assert (report.ledger.size, report.ledger.chain) == (size, chain.hex())
    assert report.ledger.root == root_of(leaves).hex()


def test_as_it_was_when_it_had_fewer_entries():
    report = gather(size=8)
    assert report.ledger is not None
    assert report.ledger.size == 8
    assert report.counts.recorded == 8
    assert report.requests == ()


def test_a_ledger_with_fewer_entries_than_are_asked_for_is_refused():
    with pytest.raises(PolicyError, match=r"the ledger has \d+ entries, and 9,999 are asked for") as found:
        gather(size=9_999)
    assert "it was cut" in found.value.problems[0].remedy


def rewrite(url, *statements):
    """What whoever owns the file can do: take the guards away, change it, and put them back."""
    database = sqlite3.connect(url.removeprefix("sqlite:///"))
    guards = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert database.execute(statement).rowcount == 1
    for _, statement in guards:
        database.execute(statement)
    database.commit()
    database.close()


CHANGES = {
    "payload": "UPDATE payloads SET body = CAST(CAST(body AS TEXT) || ' ' AS BLOB) WHERE seq = 2",
    "gone": "UPDATE payloads SET body = NULL WHERE seq = 2",
    "verdict": "UPDATE decisions SET verdict = 'allow' WHERE seq = 2",
    "time": "UPDATE decisions SET time = '2026-08-05T09:00:00Z' WHERE seq = 2",
    "facts": "UPDATE decisions SET facts = (SELECT facts FROM decisions WHERE seq = 3) WHERE seq = 2",
    "no text": "UPDATE decisions SET policy_set = x'00' WHERE seq = 2",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_decision_that_is_not_what_was_recorded_is_named_and_not_counted(copied, name):
    rewrite(copied, CHANGES[name])
    gathered = read(copied)
    assert gathered.report.counts.recorded == 15
    message = "the ledger holds something else than was recorded at entry 2"
    assert [problem.message for problem in gathered.problems] == [message]
    assert gathered.report.doubts[0].startswith(f"{message}: what does not fit is not counted; trust no number before")


def test_a_decision_that_the_index_lacks_is_missed(copied):
    rewrite(copied, "DELETE FROM decisions WHERE seq = 2")
    gathered = read(copied)
    assert gathered.report.counts.recorded == 15
    assert [one.message for one in gathered.problems] == ["the ledger has 16 decisions, and its index 15"]


def test_entries_that_are_missing_are_missed_and_the_one_that_does_not_follow_is_named(copied):
    rewrite(copied, "DELETE FROM decisions WHERE seq = 2", "DELETE FROM entries WHERE seq = 2")
    size = gather().ledger.size  # type: ignore[union-attr]
    gathered = read(copied)
    assert gathered.report.counts.recorded == 14
    assert [one.message for one in gathered.problems] == [
        "the ledger holds something else than was recorded at entry 3",
        f"of the first {size:,} entries the ledger has {size - 1:,}",
    ]


def test_an_entry_that_names_another_payload_gives_another_root(copied):
    rewrite(copied, "UPDATE entries SET payload = (SELECT payload FROM entries WHERE seq = 3) WHERE seq = 2")
    (gathered, before) = read(copied), gather().ledger
    assert [one.message.rpartition(" at ")[2] for one in gathered.problems] == ["entry 2"]
    assert gathered.report.counts.recorded == 15
    assert gathered.report.ledger is not None
    assert before is not None
    assert gathered.report.ledger.root != before.root


def test_an_approval_that_is_not_what_was_recorded_is_not_counted(copied):
    rewrite(
        copied,
        "UPDATE payloads SET body = CAST(replace(CAST(body AS TEXT), 'is watched', 'was watched') AS BLOB)"
        " WHERE seq = (SELECT seq FROM entries WHERE type = 'approval')",
    )
    gathered = read(copied)
    assert len(gathered.problems) == 1
    assert not any("was watched" in request.reason for request in gathered.report.requests)


def test_a_ledger_as_it_was_raises_no_doubt():
    assert not any("something else" in doubt for doubt in gather().doubts)
    assert read(keep_quarter().url).problems == []


def test_a_policy_in_force_is_counted_where_the_gate_does_not_judge_it():
    all_of_it, one = gather(), gather(policies=("revision-pinned",))
    assert (one.counts.decisions, one.counts.results["not-evaluated"]) == (2, 14)
    assert one.counts.total == 16
    assert sum(gather(policies=(name,)).counts.total for name in POLICIES) == all_of_it.counts.total


def test_a_project_that_no_policy_in_scope_judged_is_said_to_be_so():
    unjudged = {one.name: one.why for one in gather(policies=("revision-pinned",)).unjudged}
    assert set(unjudged) == {"lost-and-found", "price-bot", "reply-tone"}
    assert set(unjudged.values()) == {
        "its decisions of the period judged no policy in scope, or cannot be read any more"
    }


def test_decisions_that_were_recorded_on_another_day_are_counted_in_scope(tmp_path, monkeypatch):
    history = History(tmp_path)
    history.write({"policies/own/owner-named.yaml": POLICIES["owner-named"]})
    history.write({"policy.yaml": "policy_set: 1\npolicies: [./policies]\nledger: sqlite:///../ledger.db\n"})
    history.write({f"{name}/ml-manifest.yaml": write_manifest(name) for name in ("early", "late")})
    history.judge("early")
    monkeypatch.setattr(history, "open", lambda: OPEN(history.url, now=lambda: history.now + timedelta(days=2)))
    history.judge("late")
    assert read(history.url).report.counts.late == 1
    assert read(history.url, projects=("late",)).report.counts.late == 1
    assert read(history.url, projects=("early",)).report.counts.late == 0


@pytest.mark.parametrize(
    ("filters", "projects", "decisions"),
    [
        ({"projects": ("faq",)}, {"faq"}, 5),
        ({"projects": ("f*", "price-bot")}, {"faq", "price-bot"}, 9),
        ({"teams": ("support-ml",)}, {"faq", "reply-tone"}, 9),
        ({"teams": ("support-ml", "sales-tools"), "projects": ("price-*",)}, {"price-bot"}, 4),
        ({"policies": ("revision-pinned",)}, {"faq"}, 2),
        ({"frameworks": ("acme-rules",)}, {"faq", "lost-and-found", "price-bot", "reply-tone"}, 16),
        ({"since": "2026-09-01", "until": "2026-09-30"}, {"faq", "lost-and-found", "price-bot", "reply-tone"}, 6),
        ({"projects": ("nobody",)}, set(), 0),
        ({"teams": ("nobody",)}, set(), 0),
        ({"policies": ("nobody",)}, set(), 0),
        ({"frameworks": ("nobody",)}, set(), 0),
    ],
)
def test_only_what_is_asked_for_is_counted(filters, projects, decisions):
    report = gather(**filters)
    assert {one.project for one in report.projects} == projects
    assert report.counts.recorded == decisions
    assert {link.project for link in report.links()} == projects
    assert report.link_count == len(list(report.links()))


@pytest.mark.parametrize("filters", [{"projects": ("faq",)}, {"projects": ("f*",)}, {}])
def test_what_was_asked_for_counts_where_nothing_was_decided(filters):
    report = gather(since="2026-10-06", **filters)
    assert "faq" not in {one.project for one in report.projects}
    assert [one.project for one in report.requests] == ["faq"]


def test_a_framework_brings_its_policies_and_no_others():
    report = gather(frameworks=("acme-rules", "nist-ai-rmf"))
    assert {one.note.id for one in report.policies} == {"human-oversight", "lasting-data", "owner-named"}
    assert {one.framework for one in report.controls} == {"acme-rules", "nist-ai-rmf"}


def test_what_is_waived_or_asked_for_elsewhere_is_out_of_scope():
    assert [one.policy for one in gather(teams=("support-ml",)).exemptions] == ["rate-known"]
    assert len(gather(projects=("faq",)).requests) == 4
    assert gather(projects=("price-bot",)).requests == ()
    assert gather(policies=("owner-named",)).requests == ()


def test_waivers_with_who_answers_for_them_and_what_they_cover():
    first, second = gather().exemptions
    assert first[:4] == ("lasting-data", "price-*", "expired", "sales-tools")
    assert (first.control, first.failures, first.counted) == ("prices are checked weekly", 3, True)
    assert (second.state, second.failures, second.unknowns) == ("expiring", 0, 4)


def test_approvals_with_who_decided_how_long_it_took_and_how_often_policies_are_overruled():
    report = gather()
    assert [(one.state, one.minutes) for one in report.requests] == [
        ("approved", 300),
        ("rejected", 2 * 24 * 60),
        ("override", 20),
        ("expired", None),
    ]
    assert [one.person.partition(" ")[0] for one in report.voters] == ["lee", "mo", "sam"]
    assert report.overrulings[0] == ("human-oversight", 4, 1, 1, 1, 0)


def test_time_to_fix_missing_facts_and_contradictions():
    report = gather()
    fixing = {one.note.id: (one.fixed, one.open) for one in report.fixing}
    assert fixing["lasting-data"] == (1, 1)
    assert report.missing[0].results == 11
    assert {one.field for one in report.contradictions} == {"model.base", "model.revision"}


def test_requirements_lead_to_policies_evidence_and_gaps():
    controls = {(one.framework, one.requirement): one for one in gather().controls}
    mapped = controls["eu-ai-act", "Art. 10"]
    assert mapped.policies == ("lasting-data", "rate-known")
    assert "fail" in mapped.gap
    assert mapped.evidence == 2
    assert controls["eu-ai-act", "Art. 12"].gap == "no policy in force names it"
    assert controls["acme-rules", "R-7"].label == ""
    requirements = [one.requirement for one in gather().controls if one.framework == "nist-ai-rmf"]
    assert requirements.index("MEASURE 2.3") < requirements.index("MEASURE 2.10")


def test_policy_sets_as_they_were_in_force():
    newest, before = gather().policy_sets
    assert [one.value for one in (*newest.parameters, *before.parameters)] == ["21d", "14d"]
    assert (newest.decisions, before.decisions, newest.policies) == (5, 11, 5)
    assert newest.first > before.last


def test_who_is_erased_goes_by_the_pseudonym(copied):
    with open_ledger(copied) as ledger:
        person = find_person(ledger, "lee")
        erase(ledger, person, by=find_person(ledger, "mo"), reason="they left")
    voters = {one.person for one in read(copied).report.voters}
    assert f"{person} (erased)" in voters
    assert not any(name.startswith("lee") for name in voters)


def test_an_erased_decision_is_counted_as_such(copied):
    with open_ledger(copied) as ledger:
        entry = next(entry for entry in ledger.read_entries() if entry.type == "decision")
        erase(ledger, entry.payload, by=find_person(ledger, "mo"), reason="a secret")
    report = read(copied).report
    assert (report.counts.recorded, report.counts.erased) == (15, 1)
    assert any("1 decision erased" in doubt for doubt in report.doubts)


@pytest.mark.parametrize("body", [b"", b"{", b"7", b"[" * 100_000, b"\xff", b'{"format": "policy-decision-record/2"}'])
def test_payloads_that_cannot_be_read_are_counted_and_nothing_breaks(copied, body):
    with open_ledger(copied) as ledger:
        recorded, tally = Recorded(ledger, EVERYTHING), Tally({})
        row = next(ledger.read_decisions())
        recorded._count_one(row, body, tally, Reader(), set())
    assert (tally.unread, tally.recorded) == (1, 0)


def test_objects_that_are_gone_leave_out_no_more_than_they_hold(copied):
    with open_ledger(copied) as ledger:
        rows = ledger.read("SELECT digest FROM objects WHERE kind IN ('facts', 'waivers', 'policy-set')")
        rows += ledger.read("SELECT payload FROM entries WHERE type = 'request'")
        for (digest,) in rows:
            erase(ledger, digest, by=find_person(ledger, "mo"), reason="all of it")
    report = read(copied).report
    assert report.counts.recorded == 16
    assert {one.team for one in report.projects} == {""}
    assert report.counts.uncounted == 16
    assert all(one.policies is None for one in report.policy_sets)
    assert sum("cannot be read again" in doubt for doubt in report.doubts) == 2
    assert report.requests == ()
    assert "4 entries about requests erased: what they said is not counted" in report.doubts


def test_manifests_alone_are_judged_and_not_recorded(tmp_path, monkeypatch):
    shutil.copytree(keep_quarter().root, tmp_path / "projects")
    monkeypatch.chdir(tmp_path / "projects")
    gathered = gather_report(AuditRequest(EVERYTHING._replace(paths=(".",), gate="ci"), NOW))
    report = gathered.report
    assert (report.counts.recorded, report.counts.judged, report.counts.projects) == (0, 4, 4)
    assert report.counts.total == 4 * 5
    assert {one.team for one in report.projects} == {"", "support-ml", "sales-tools"}
    assert report.ledger is None
    assert report.doubts == (
        "what was judged for this report counts no approval and no waiver that was granted in the ledger",
    )
    assert not (tmp_path / "ledger.db").exists()


def test_both_tell_what_is_on_no_record(tmp_path, monkeypatch):
    shutil.copytree(keep_quarter().root, tmp_path / "projects")
    new = tmp_path / "projects/new/ml-manifest.yaml"
    new.parent.mkdir()
    new.write_text("manifest: 1\nproject: new-one\napproach: rag\n")
    monkeypatch.chdir(tmp_path / "projects")
    request = AuditRequest(EVERYTHING._replace(paths=(".",), gate="ci"), NOW, Place(keep_quarter().url))
    report = gather_report(request).report
    assert (report.counts.recorded, report.counts.judged, report.counts.projects) == (16, 5, 5)
    assert [one.name for one in report.unjudged if "no decision of the period" in one.why] == ["new-one"]
    assert [link.entry for link in report.links() if link.project == "new-one"] == [0] * report_policies(report)


def report_policies(report):
    return len({link.policy for link in report.links() if link.project == "new-one"})


def test_a_manifest_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    shutil.copytree(keep_quarter().root, tmp_path / "projects")
    (tmp_path / "projects/faq/ml-manifest.yaml").write_text("manifest: 1\n")
    monkeypatch.chdir(tmp_path / "projects")
    gathered = gather_report(AuditRequest(EVERYTHING._replace(paths=(".",), gate="ci"), NOW))
    assert [one.name for one in gathered.report.unjudged] == ["faq/ml-manifest.yaml"]
    assert any(problem.level == "error" for problem in gathered.problems)


def test_projects_without_a_decision_in_the_period_are_named():
    unjudged = gather(since="2026-10-01").unjudged
    assert {one.name for one in unjudged} == {"faq", "lost-and-found", "reply-tone"}
    assert "the last one before it is of 2026-09-28" in unjudged[0].why


def test_a_ledger_that_is_not_there():
    with pytest.raises(PolicyError, match="no ledger"):
        read("sqlite:////nowhere/at/all.db")


def test_the_same_ledger_gives_the_same_report():
    first, second = gather(), gather.__wrapped__()
    assert first._replace(links=None) == second._replace(links=None)  # type: ignore[arg-type]
    assert list(first.links()) == list(second.links())
    assert json.dumps(first.counts) == json.dumps(second.counts)
