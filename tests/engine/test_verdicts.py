"""What `judge_verdict` says is what `judge` says, however the two come by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.judge import judge
from policy.engine.verdicts import judge_verdict
from policy.model.approval import Approval
from policy.model.decision import Subject
from policy.model.facts import Facts
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.policy import GateSettings, PolicySet
from policy.model.waiver import Waiver
from policy.structs import NamedTuple
from tests.building import NOW, make_facts, make_policy
from tests.strategies import facts_about, policies

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
APPROVAL = "policy: asks\nrequire: {approval.current: true}\neffect: {default: hold}\n"


class Sitting(NamedTuple):
    """Everything that a decision rests on."""

    policy_set: PolicySet
    facts: Facts
    options: dict[str, Any]


@st.composite
def sittings(draw):
    """Several policies, one of which may ask for an approval, under settings of every kind."""
    found = draw(st.lists(policies(), min_size=1, max_size=3))
    names = [f"policy-{number}" for number in range(len(found))]
    own = [
        type(one)(**{**{key: getattr(one, key) for key in one._fields}, "id": name})
        for one, name in zip(found, names, strict=True)
    ]
    asks = [make_policy(APPROVAL)] if draw(st.booleans()) else []
    some = st.sampled_from(names)
    gate = draw(st.sampled_from(GATES))
    policy_set = PolicySet(
        (*own, *asks),
        effects=draw(st.dictionaries(some, st.fixed_dictionaries({"default": st.sampled_from(EFFECTS)}))),
        gates={gate: GateSettings(draw(st.sampled_from(MODES)), draw(st.sampled_from(EFFECTS)))},
        modes=draw(st.dictionaries(some, st.sampled_from(MODES))),
        on_unknown=draw(st.dictionaries(some, st.sampled_from((*EFFECTS, "same")))),
        starts=draw(st.dictionaries(some, DAYS)),
        has_ledger=draw(st.booleans()),
    )
    paths = sorted({path for policy in own for path in policy.paths})
    known = draw(facts_about(paths))
    faults = draw(st.dictionaries(st.sampled_from(paths), st.just("it broke"), max_size=1))
    facts = Facts(known.claims, known.schema, Subject("reply-tone"), known.unavailable, faults)
    waivers = draw(
        st.lists(st.builds(Waiver, some, st.sampled_from(["reply-*", "x"]), st.just("why"), DAYS), max_size=2)
    )
    now = datetime.combine(draw(DAYS), datetime.min.time(), UTC)
    options = {"gate": gate, "now": now, "waivers": tuple(waivers)}
    stake = judge(policy_set, facts, **options).stake
    ends = st.none() | st.sampled_from([now - timedelta(1), now + timedelta(1)])
    given_for = st.builds(
        Approval, st.sampled_from(["john", "jane"]), st.just("jane"), st.just(gate), st.sampled_from([stake, "x"]), ends
    )
    return Sitting(policy_set, facts, {**options, "approvals": tuple(draw(st.lists(given_for, max_size=2)))})


def tell(outcomes):
    return [(item.policy, item.outcome, item.severity, item.effect, item.would_be, item.note) for item in outcomes]


@given(sittings())
@settings(max_examples=200)
def test_verdict_and_outcomes_are_those_of_the_decision(sitting):
    decision = judge(sitting.policy_set, sitting.facts, **sitting.options)
    ruling = judge_verdict(sitting.policy_set, sitting.facts, **sitting.options)
    assert ruling.verdict == decision.verdict
    assert tell(ruling.outcomes) == tell(decision.outcomes)


def test_nothing_says_why():
    facts = make_facts("stage: production", subject=Subject("a"))
    (outcome,) = judge_verdict(
        PolicySet((make_policy("require: {stage: pilot}"),)), facts, gate="check", now=NOW
    ).outcomes
    assert (outcome.outcome, outcome.message, outcome.because, outcome.location) == ("fail", "", (), None)


def test_another_day_can_be_given():
    policy_set = PolicySet((make_policy("require: {model.retires: {at_least: {now: 0d}}}"),))
    facts = make_facts(observed="model.retires: 2026-12-01")
    for day, verdict in ((date(2026, 12, 1), "allow"), (date(2026, 12, 2), "flag")):
        assert judge_verdict(policy_set, facts, gate="check", now=NOW, today=day).verdict == verdict


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        judge_verdict(PolicySet(()), make_facts(), gate="check", now=datetime(2026, 11, 20))  # noqa: DTZ001 - it is that
