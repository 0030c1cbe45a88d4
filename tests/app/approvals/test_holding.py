"""A held decision from the question to the judge: what keeps an approval, what drops it, and what is shown then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from policy.app.approvals.desk import cast_vote
from policy.app.approvals.holding import (
    ask_for_approval,
    find_approvals,
    is_approved_since,
    list_holding,
    needs_approval,
)
from policy.app.approvals.stakes import compare_stakes, rebuild_stake
from policy.app.approvals.viewing import view_request
from policy.engine.judge import judge
from policy.model.approval_settings import ApprovalRule, ApprovalSettings
from policy.model.canonical import digest
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from policy.records.ledger import open_ledger
from policy.records.requests.refusals import RefusedError
from policy.records.requests.standing import list_grants
from tests.building import NOW, make_facts, make_policy

VOLATILE = """\
policy: volatile-data
title: Data that changes often
when: {approach: fine-tuning}
require: {data.change_interval: {at_least: 30d}}
effect: {run: hold, release: hold, ci: flag}
"""
SIZE = "policy: size\nrequire: {data.rows: {at_most: 100}}\neffect: {run: %s}\n"
MANIFEST = "project: support-bot\napproach: fine-tuning\ndata: {change_interval: 7d}\nowner: {team: support}\n"
SETTINGS = ApprovalSettings(
    roles={"leads": ("alice", "bob")}, rules=(ApprovalRule(policies=("volatile-data",), roles=("leads",)),)
)


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as opened:
        yield opened


def make_set(*policies, approvals=SETTINGS):
    texts = policies or (VOLATILE,)
    return PolicySet(tuple(make_policy(text) for text in texts), has_ledger=True, approvals=approvals)


def decide(policy_set, manifest=MANIFEST, *, gate="run", approvals=(), now=NOW):
    facts = make_facts(manifest)
    return judge(policy_set, facts, gate=gate, now=now, approvals=approvals), facts


def ask(ledger, policy_set, manifest=MANIFEST, **options):
    decision, facts = decide(policy_set, manifest)
    return ask_for_approval(
        ledger, policy_set, decision, facts, requester="os:dave@desk", contributors=(), now=NOW, **options
    )


def approve(ledger, policy_set, request, name="alice"):
    return cast_vote(ledger, policy_set, request, "approve", name=name, reason="", now=NOW)[1]


def test_held_asked_approved_allowed(ledger):
    policy_set = make_set()
    decision, _ = decide(policy_set)
    assert (decision.verdict, needs_approval(policy_set, decision)) == ("hold", True)
    assert find_approvals(ledger, policy_set, decision, now=NOW) == ()
    asked = ask(ledger, policy_set)
    assert (asked.row.stake, asked.row.project, asked.row.gate) == (decision.stake, "support-bot", "run")
    assert find_approvals(ledger, policy_set, decision, now=NOW) == ()
    assert approve(ledger, policy_set, asked.row.id).state == "approved"
    approvals = find_approvals(ledger, policy_set, decision, now=NOW)
    assert decide(policy_set, approvals=approvals)[0].verdict == "allow"
    assert decide(policy_set, approvals=approvals, gate="release")[0].verdict == "hold"
    late = NOW + timedelta(days=30)
    assert find_approvals(ledger, policy_set, decide(policy_set, now=late)[0], now=late) == ()


def test_an_unrelated_change_keeps_an_approval_and_a_changed_stake_drops_it_with_the_difference(ledger):
    policy_set = make_set()
    first = ask(ledger, policy_set).row
    approve(ledger, policy_set, first.id)
    unrelated = f"# moved\n\n{MANIFEST}".replace("team: support", "team: sales")
    decision, _ = decide(policy_set, unrelated)
    assert find_approvals(ledger, policy_set, decision, now=NOW)
    changed = MANIFEST.replace("7d", "8d")
    decision, _ = decide(policy_set, changed)
    assert find_approvals(ledger, policy_set, decision, now=NOW) == ()
    second = ask(ledger, policy_set, changed).row
    assert second.id != first.id
    previous = view_request(ledger, policy_set, second.id, now=NOW).previous
    assert previous is not None
    assert previous.request == first.id
    assert previous.changes == (("data.change_interval", "7d (declared)", "8d (declared)"),)


def test_an_outcome_that_worsens_drops_it(ledger):
    policy_set = make_set(VOLATILE, SIZE % "flag")
    cheap, dear = (MANIFEST.replace("7d", f"7d, rows: {rows}") for rows in (50, 500))
    asked = ask(ledger, policy_set, cheap).row
    approve(ledger, policy_set, asked.id)
    assert find_approvals(ledger, policy_set, decide(policy_set, cheap)[0], now=NOW)
    assert find_approvals(ledger, policy_set, decide(policy_set, dear)[0], now=NOW) == ()
    later = ask(ledger, policy_set, dear).row
    previous = view_request(ledger, policy_set, later.id, now=NOW).previous
    assert previous is not None
    assert previous.changes == (("size", None, "fail"), ("data.rows", None, "500 (declared)"))


def test_what_is_approved_afterwards_does_not_count_for_the_time_before(ledger):
    policy_set = make_set()
    asked, later = ask(ledger, policy_set).row, NOW + timedelta(hours=1)
    cast_vote(ledger, policy_set, asked.id, "approve", name="alice", reason="", now=later + timedelta(milliseconds=900))
    for now, counts in (
        (NOW, False),
        (later - timedelta(seconds=1), False),
        (later, True),
        (later + timedelta(1), True),
    ):
        decision, _ = decide(policy_set, now=now)
        # Whoever looks does so days later.
        looking = later + timedelta(days=2)
        assert bool(find_approvals(ledger, policy_set, decision, now=looking)) == counts
        assert is_approved_since(ledger, policy_set, decision, looking) != counts


def test_votes_are_counted_by_the_policy_set_that_judges(ledger):
    lax = make_set(approvals=ApprovalSettings())
    asked = ask(ledger, lax).row
    assert approve(ledger, lax, asked.id, "mallory").state == "approved"
    decision, _ = decide(lax)
    assert find_approvals(ledger, lax, decision, now=NOW)
    assert find_approvals(ledger, make_set(), decision, now=NOW) == ()


def test_a_sweep_asks_once_and_each_run_is_counted(ledger):
    policy_set = make_set()
    asked = ask(ledger, policy_set, runs=3).row
    approve(ledger, policy_set, asked.id)
    decision, _ = decide(policy_set)
    for number in range(3):
        for _ in range(2):
            assert find_approvals(ledger, policy_set, decision, now=NOW, run=f"run-{number}")
    assert find_approvals(ledger, policy_set, decision, now=NOW, run="run-9") == ()
    assert find_approvals(ledger, policy_set, decision, now=NOW) == ()
    # Who has one of them goes on with it.
    assert find_approvals(ledger, policy_set, decision, now=NOW, run="run-2")


def test_the_last_run_is_given_to_one_only(ledger, monkeypatch):
    policy_set = make_set()
    approve(ledger, policy_set, ask(ledger, policy_set, runs=1).row.id)
    decision, _ = decide(policy_set)
    grants = list_grants(ledger, "support-bot", "run", decision.stake, NOW)
    assert find_approvals(ledger, policy_set, decision, now=NOW, run="run-1")
    # As where another process has looked before, and uses it after.
    monkeypatch.setattr("policy.app.approvals.holding.list_grants", lambda *_, **__: grants)
    assert find_approvals(ledger, policy_set, decision, now=NOW, run="run-2") == ()


def test_the_rules_cap_the_runs(ledger):
    rules = (ApprovalRule(roles=("leads",), runs=5),)
    policy_set = make_set(approvals=ApprovalSettings(roles=SETTINGS.roles, rules=rules))
    assert ask(ledger, policy_set, runs=200).row.runs == 5
    assert ask(ledger, policy_set, MANIFEST.replace("7d", "6d"), runs=2).row.runs == 2
    assert ask(ledger, policy_set, MANIFEST.replace("7d", "5d")).row.runs == 5


@pytest.mark.parametrize(
    ("texts", "gate", "holding", "asks"),
    [
        ((VOLATILE,), "run", ["volatile-data"], True),
        ((VOLATILE,), "ci", [], False),
        ((VOLATILE, SIZE % "block"), "run", ["volatile-data"], False),
        ((VOLATILE, SIZE % "flag"), "run", ["volatile-data"], True),
        ((SIZE % "hold",), "run", ["size"], True),
        (("policy: signed\nrequire: {approval.current: true}\neffect: {run: block}\n",), "run", ["signed"], True),
    ],
)
def test_what_waits_for_an_approval(texts, gate, holding, asks):
    policy_set = make_set(*texts)
    decision, _ = decide(policy_set, MANIFEST.replace("7d", "7d, rows: 500"), gate=gate)
    assert [outcome.policy for outcome in list_holding(policy_set, decision)] == holding
    assert needs_approval(policy_set, decision) == asks


def test_a_policy_that_asks_for_an_approval_by_itself_is_met_by_it(ledger):
    policy_set = make_set("policy: signed\nrequire: {approval.current: true}\neffect: {run: block}\n")
    decision, _ = decide(policy_set)
    assert decision.verdict == "block"
    asked = ask(ledger, policy_set).row
    approve(ledger, policy_set, asked.id)
    approvals = find_approvals(ledger, policy_set, decision, now=NOW)
    assert decide(policy_set, approvals=approvals)[0].verdict == "allow"


def test_the_stake_is_rebuilt_from_the_decision_and_no_other():
    policy_set = make_set()
    decision, facts = decide(policy_set)
    document = rebuild_stake(policy_set, facts, decision)
    assert document is not None
    assert digest(document) == decision.stake
    assert document["outcomes"] == {"volatile-data": "fail"}
    assert rebuild_stake(policy_set, make_facts(MANIFEST.replace("7d", "9d")), decision) is None


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ({}, {}, []),
        ({"facts": {"data.rows": [5, "declared"]}}, {"facts": {}}, [("data.rows", "5 (declared)", None)]),
        (
            {"facts": {"data.rows": [5, "declared"]}},
            {"facts": {"data.rows": [5, "observed"]}},
            [("data.rows", "5 (declared)", "5 (observed)")],
        ),
        ({"facts": {}}, {"facts": {"a.plugins": [{"x": 1}, "observed"]}}, [("a.plugins", None, '{"x": 1} (observed)')]),
        ({"facts": {"purpose": {"known": "observed"}}}, {}, [("purpose", "known (observed)", None)]),
        ({"facts": {"purpose": [{"absent": True}, "observed"]}}, {}, [("purpose", "absent (observed)", None)]),
        ({"configs": ["sha256:1"]}, {"configs": ["sha256:2"]}, [("training config", "sha256:1", "sha256:2")]),
        ({"configs": []}, {"configs": ["sha256:2"]}, [("training config", None, "sha256:2")]),
    ],
)
def test_what_differs(then, now, expected):
    assert list(compare_stakes(then, now, SCHEMA)) == expected


def test_who_voted_is_refused_what_is_not_theirs(ledger):
    policy_set = make_set()
    asked = ask(ledger, policy_set).row
    for name in ("os:dave@desk", "mallory"):
        with pytest.raises(RefusedError):
            approve(ledger, policy_set, asked.id, name)
    assert datetime.fromisoformat(asked.expires) == NOW + timedelta(days=14)
