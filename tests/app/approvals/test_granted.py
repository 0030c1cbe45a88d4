"""Waivers that are granted in the ledger count in `policy check`, and are shown like those of files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from policy.app.approvals.asking import ask_at_gate
from policy.app.approvals.desk import cast_vote
from policy.app.approvals.waiving import ask_for_waiver
from policy.app.checking import Check, CheckRequest
from policy.app.recording.replaying import replay_named
from policy.app.workspace import open_workspace
from policy.model.waiver_entry import WaiverEntry
from policy.records.ledger import open_ledger
from policy.records.requests.refusals import RefusedError

TODAY = datetime.now(UTC).date()
RULES = "waiver_rules: {approvers: {default: [carol]}}\n"
SET = f"policy_set: 1\npolicies: [./rules]\nledger: sqlite:///ledger.db\n{RULES}"
RULE = "policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: {default: block}\n"
MANIFEST = "manifest: 1\nproject: bot\ndata: {rows: 3}\n"


pytestmark = pytest.mark.usefixtures("bot")


@pytest.fixture
def bot(plant):
    return plant({"policy.yaml": SET, "rules/own/rows.yaml": RULE, "bot/ml-manifest.yaml": MANIFEST})


def check(form="json", gate="run", **options):
    """The report, and what was said beside it."""
    request = CheckRequest((".",), gate, **{"now": datetime.now(UTC), "formats": ((form, False),), **options})
    run = Check(request)
    rendered = list(run.run())
    problems = [problem.message for problem in run.problems if "SQLite" not in problem.message]
    return [one.verdict for one in rendered], rendered[0].texts[0], problems


def grant(name="carol", days=30, subject="bot", policy_set=None):
    workspace = open_workspace(os.getcwd())
    chosen = policy_set or workspace.policy_set
    entry = WaiverEntry(
        policy="rows",
        subject=subject,
        reason="the rest comes <b>in May</b>",
        owner="data-team",
        requested_by="os:dave@desk",
        expires=TODAY + timedelta(days=days),
        requested_on=TODAY,
        ticket="T-1",
    )
    with open_ledger("sqlite:///ledger.db") as ledger:
        asked = ask_for_waiver(ledger, chosen, entry, lasts=14 * 86_400_000)
        assert check()[0] == ["block"]
        cast_vote(ledger, chosen, asked.row.id, "approve", name=name, reason="")
    return asked.row.id


def test_it_counts_is_recorded_and_comes_out_again():
    grant()
    verdicts, text, problems = check()
    assert (verdicts, problems) == (["allow"], [])
    assert '"waived"' in text
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        rows = list(ledger.read_decisions())
        assert rows[-1].verdict == "allow"
        assert all(replay_named(ledger, row.decision_id).same for row in rows)


@pytest.mark.parametrize(("form", "shown"), [("csv", "{}"), ("sarif", "the rest comes"), ("html", "data-team")])
def test_reports_show_whose_it_is_and_why(form, shown):
    request = grant()
    text = check(form)[1]
    assert shown.format(request) in text
    if form == "html":
        assert "<b>in May" not in text


def test_it_counts_for_the_project_that_it_names():
    grant(subject="other-*")
    verdicts, _, problems = check()
    assert verdicts == ["block"]
    assert [problem for problem in problems if "names no project that was judged" in problem]


def test_who_grants_it_by_a_policy_set_of_their_own_waives_nothing(plant):
    plant({"policy.yaml": SET.replace("carol", "mallory")})
    grant("mallory")
    assert check()[0] == ["allow"]
    plant({"policy.yaml": SET})
    assert check()[0] == ["block"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("waiver_rules: {approvers: {default: [carol]}, longest: 5d}\n", "5 are allowed"),
        ("waiver_rules: {approvers: {default: [carol]}, protected: [rows]}\n", ""),
        ("", ""),
    ],
)
def test_who_judges_may_have_become_stricter(plant, rules, said):
    grant()
    plant({"policy.yaml": SET.replace(RULES, rules)})
    verdicts, _, problems = check()
    assert verdicts == ["block"]
    assert any(said in problem for problem in problems) or not said


@pytest.mark.parametrize("name", ["os:dave@other", "data-team", "mallory"])
def test_nobody_grants_their_own(name):
    with pytest.raises(RefusedError):
        grant(name)
    assert check()[0] == ["block"]


def test_what_has_ended_is_not_brought_back():
    grant(days=1)
    assert check(now=datetime.now(UTC) + timedelta(days=3))[0] == ["block"]


def test_what_was_granted_since_does_not_count_for_a_day_that_is_over():
    grant()
    assert check(now=datetime.now(UTC) - timedelta(days=1))[0] == ["block"]
    assert check()[0] == ["allow"]


@pytest.mark.parametrize(("gates", "waived"), [("[run]", True), ("[release]", False)])
def test_who_asks_sees_the_same_waivers_as_who_checks(plant, gates, waived):
    grant()
    plant({"policy.yaml": SET.replace("sqlite:///ledger.db", f"{{url: 'sqlite:///ledger.db', gates: {gates}}}")})
    workspace, now = open_workspace(os.getcwd()), datetime.now(UTC)
    with open_ledger("sqlite:///ledger.db") as ledger:
        (answer,) = ask_at_gate(ledger, workspace, ".", "run", requester="os:dave@desk", runs=None, now=now)
    assert answer.decision.verdict == ("allow" if waived else "block")
    assert check()[0] == [answer.decision.verdict]


def test_where_the_ledger_cannot_be_read_nothing_is_waived(bot):
    (bot / "ledger.db").write_bytes(b"nothing of the kind, and long enough to be looked at" * 20)
    verdicts, _, problems = check()
    assert verdicts == ["block"]
    assert any("ledger.db" in problem for problem in problems)


def test_looking_for_waivers_makes_no_ledger():
    check(recording=True, gate="ci")
    assert not os.path.exists("ledger.db")
