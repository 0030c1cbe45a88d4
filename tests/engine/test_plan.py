"""What a gate will do, as the policy set changes it: dates, unknown outcomes, and what is kept between judgements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from policy.engine.judge import judge
from policy.engine.plan import act_on_failure, make_plan
from policy.model.gates import EFFECTS, MODES
from policy.model.policy import GateSettings, PolicySet
from tests.building import make_facts, make_policy

STARTS = date(2027, 1, 1)
EVE, DAY = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
FACTS = {"fail": make_facts("project: a\nstage: production"), "unknown": make_facts("project: a")}


def make_set(effect: str = "block", **settings) -> PolicySet:
    policy = make_policy(f"policy: dated\nrequire: {{stage: pilot}}\neffect: {effect}\n")
    given = {"starts": {"dated": STARTS}, "has_ledger": True, **settings}
    return PolicySet((policy,), **given)


def act(policy_set: PolicySet, now: datetime, outcome: str = "fail", gate: str = "run"):
    (found,) = judge(policy_set, FACTS[outcome], gate=gate, now=now).outcomes
    assert found.outcome == outcome
    return found.effect, found.would_be, found.note


@pytest.mark.parametrize("outcome", ["fail", "unknown"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_before_its_date_a_policy_flags_at_most(effect, outcome):
    policy_set = make_set(effect, on_unknown={"dated": "same"})
    hard = effect in ("hold", "block")
    early = ("flag", effect, "in force from 2027-01-01") if hard else (effect, None, "")
    assert act(policy_set, EVE, outcome) == early
    assert act(policy_set, DAY, outcome) == (effect, None, "")


def test_one_policy_set_is_judged_before_and_after_in_any_order():
    policy_set = make_set()
    assert [act(policy_set, now)[0] for now in (DAY, EVE, DAY, EVE)] == ["block", "flag", "block", "flag"]


def test_the_date_is_a_day_in_utc():
    ahead, behind = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
    assert act(make_set(), datetime(2027, 1, 1, 8, 59, tzinfo=ahead))[0] == "flag"
    assert act(make_set(), datetime(2026, 12, 31, 19, 0, tzinfo=behind))[0] == "block"


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_caps_what_the_date_leaves(mode):
    policy_set = make_set(gates={"run": GateSettings(mode=mode)})
    late = {
        "observe": (None, "block", "the mode is observe"),
        "flag": ("flag", "block", "the mode is flag"),
        "enforce": ("block", None, ""),
    }[mode]
    early = {
        "observe": (None, "block", "in force from 2027-01-01; the mode is observe"),
        "flag": ("flag", "block", "in force from 2027-01-01; the mode is flag"),
        "enforce": ("flag", "block", "in force from 2027-01-01"),
    }[mode]
    assert (act(policy_set, EVE), act(policy_set, DAY)) == (early, late)


def test_a_hold_that_nobody_can_approve_is_not_the_matter_before_the_date():
    policy_set = make_set("hold", has_ledger=False)
    assert act(policy_set, EVE, gate="ci") == ("flag", "hold", "in force from 2027-01-01")
    assert "without a ledger" in act(policy_set, DAY, gate="ci")[2]


def test_errors_know_no_date():
    facts = make_facts("project: a", faults={"stage": "it broke"})
    (found,) = judge(make_set(), facts, gate="run", now=EVE).outcomes
    assert (found.outcome, found.effect) == ("error", "block")


UNKNOWN = [
    (None, {}, "hold"),
    ("flag", {}, "flag"),
    (None, {"dated": "same"}, "block"),
    (None, {"dated": "advise"}, "advise"),
    ("flag", {"dated": "same"}, "block"),
    ("same", {"dated": "flag"}, "flag"),
    ("same", {"other": "flag"}, "block"),
]


@pytest.mark.parametrize(("own", "on_unknown", "effect"), UNKNOWN)
def test_what_an_unknown_outcome_does(own, on_unknown, effect):
    said = f"on_unknown: {own}\n" if own else ""
    policy = make_policy(f"policy: dated\nrequire: {{stage: pilot}}\neffect: block\n{said}")
    policy_set = PolicySet((policy,), on_unknown=on_unknown, has_ledger=True)
    assert policy_set.unknown_effect_of(policy, "run") == effect
    assert act(policy_set, DAY, "unknown") == (effect, None, "")
    assert act(policy_set, DAY) == ("block", None, "")


def test_a_gate_that_does_not_judge_it_asks_nothing_of_what_is_unknown():
    policy_set = make_set("{ci: block}")
    (policy,) = policy_set.policies
    assert policy_set.unknown_effect_of(policy, "run") is None
    assert make_plan(policy_set, "run").steps == ()


def test_a_failure_is_said_for_a_day_or_for_good():
    policy_set = make_set()
    (policy,) = policy_set.policies
    on_days = [act_on_failure(policy_set, policy, "run", today) for today in (None, EVE.date(), STARTS)]
    assert [action and action.effect for action in on_days] == ["block", "flag", "block"]
