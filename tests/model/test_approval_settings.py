"""Which votes a hold needs by the rules, and when there are enough."""

from __future__ import annotations

import pytest

from policy.model.approval_settings import (
    ANYBODY,
    APPROVAL_LASTS,
    DEFAULT_APPROVALS,
    ApprovalRule,
    ApprovalSettings,
    find_terms,
)

DAY = 86_400_000
ROLES = {"leads": ("alice", "bob"), "risk": ("carol", "alice")}


@pytest.mark.parametrize(
    ("rule", "covered"),
    [
        (ApprovalRule(), True),
        (ApprovalRule(policies=("rows", "other")), True),
        (ApprovalRule(policies=("other",)), False),
        (ApprovalRule(gates=("run", "release")), True),
        (ApprovalRule(gates=("release",)), False),
        (ApprovalRule(projects=("support-*",)), True),
        (ApprovalRule(projects=("Support-*", "sales-*")), False),
        (ApprovalRule(policies=("rows",), gates=("run",), projects=("*-bot",)), True),
        (ApprovalRule(policies=("rows",), gates=("ci",), projects=("*-bot",)), False),
    ],
)
def test_which_holds_a_rule_concerns(rule, covered):
    assert rule.covers(["rows", "cost"], "run", "support-bot") == covered


def test_without_a_rule_one_vote_of_anybody_is_enough():
    terms = find_terms(DEFAULT_APPROVALS, ["rows"], "run", "x")
    assert tuple(terms) == ((ANYBODY,), APPROVAL_LASTS, None)
    assert terms.admits("whoever", DEFAULT_APPROVALS)
    assert terms.list_open([], DEFAULT_APPROVALS) == [(ANYBODY, 1)]
    assert terms.list_open(["whoever"], DEFAULT_APPROVALS) == []


def test_all_rules_that_concern_a_hold_count_and_the_shortest_length():
    rules = (
        ApprovalRule(roles=("leads",), quorum=2, lasts=9 * DAY, runs=200),
        ApprovalRule(roles=("risk",), lasts=5 * DAY, runs=300),
        ApprovalRule(gates=("release",), roles=("nobody",), lasts=1, runs=1),
    )
    settings = ApprovalSettings(roles=ROLES, rules=rules)
    terms = find_terms(settings, ["rows"], "run", "x")
    assert [(need.said, need.quorum) for need in terms.needs] == [("leads", 2), ("risk", 1)]
    assert (terms.lasts, terms.runs) == (5 * DAY, 200)
    lacking = {
        (): {"leads": 2, "risk": 1},
        ("bob",): {"leads": 1, "risk": 1},
        ("carol",): {"leads": 2},
        # One vote counts for every role that somebody has.
        ("alice",): {"leads": 1},
        ("alice", "bob"): {},
        ("mallory", "zoe"): {"leads": 2, "risk": 1},
    }
    for names, expected in lacking.items():
        assert {need.said: count for need, count in terms.list_open(names, settings)} == expected
    assert terms.admits("os:carol@desk", settings)
    assert not terms.admits("mallory", settings)


def test_a_rule_lasts_no_longer_than_the_policy_set_says():
    settings = ApprovalSettings(rules=(ApprovalRule(lasts=90 * DAY),), approval_lasts=10 * DAY)
    assert find_terms(settings, [], "run", "x").lasts == 10 * DAY


def test_one_person_under_two_names_is_one_vote():
    settings = ApprovalSettings(rules=(ApprovalRule(quorum=2),), people={"bob": ("robert",)})
    terms = find_terms(settings, [], "run", "x")
    for names in (("bob", "Robert"), ("bob", "os:bob@desk"), ("bob", "bob@example.com"), ("bob", "b\u043eb")):
        assert [count for _, count in terms.list_open(names, settings)] == [1]
    assert terms.list_open(("bob", "alice"), settings) == []


def test_a_role_that_nobody_has_admits_nobody():
    settings = ApprovalSettings(rules=(ApprovalRule(roles=("gone",)),))
    terms = find_terms(settings, [], "run", "x")
    assert not terms.admits("gone", settings)
    assert terms.list_open(["gone"], settings)
