"""Laws of comparing: a set is as itself, the way back mirrors the way there, and no change passes in silence."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.app.set_diff.comparing import add_rest, compare_sets
from policy.app.set_diff.normal_form import normalise
from policy.app.workspace import Workspace
from policy.engine.judge import judge
from policy.engine.mutation.mutants import find_mutants, replace
from policy.loading.builtin import policy_sources
from policy.loading.catalogue import list_policies, load_policies
from policy.loading.policy_sets.tightening import rank_effect
from policy.model.fields import SCHEMA
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.policy import GateSettings, Policy, PolicySet
from policy.model.set_changes import Change, Line, SetChanges
from tests.strategies import Situation, policies, situations

NO_REGISTRY: Any = None
MIRROR = {"stricter": "milder", "milder": "stricter", "neither": "neither", "unclear": "unclear"}
KINDS = {"added": "removed", "removed": "added", "changed": "changed"}
SIGNS = {"-": "+", "+": "-", " ": " "}


def wrap(policy_set: PolicySet) -> Workspace:
    return Workspace("/nowhere", policy_set, NO_REGISTRY, None)


def compare(old: PolicySet, new: PolicySet) -> SetChanges:
    return compare_sets((wrap(old), wrap(new)))


@st.composite
def policy_sets(draw: st.DrawFn, policy: Policy | None = None) -> PolicySet:
    """Up to two policies, with settings of every kind that is by policy or by gate."""
    first = policy or draw(policies())
    second = replace(draw(policies()), id="second", severity="high")
    chosen = draw(st.sampled_from([(first,), (second,), (first, second)]))
    names = [one.id for one in chosen]

    def by_policy(values: st.SearchStrategy[Any]) -> dict[str, Any]:
        return draw(st.dictionaries(st.sampled_from(names), values, max_size=2))

    effects = st.sampled_from(EFFECTS)
    return PolicySet(
        chosen,
        effects=by_policy(st.dictionaries(st.sampled_from([*GATES, "default"]), effects, max_size=3)),
        modes=by_policy(st.sampled_from(MODES)),
        on_unknown=by_policy(st.sampled_from(["same", *EFFECTS])),
        starts=by_policy(st.dates()),
        final=frozenset(by_policy(st.just(None))),
        gates=draw(
            st.dictionaries(st.sampled_from(GATES), st.builds(GateSettings, st.sampled_from(MODES)), max_size=2)
        ),
    )


@given(policy_sets())
def test_a_set_is_as_itself(policy_set: PolicySet):
    changes = compare(policy_set, policy_set)
    assert changes == SetChanges(known=len(policy_set.policies))
    assert not changes.has_meaning


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(policies().flatmap(lambda one: st.tuples(policy_sets(one), policy_sets(one))))
def test_the_way_back_mirrors_the_way_there(pair: tuple[PolicySet, PolicySet]):
    there, back = compare(*pair), compare(*reversed(pair))
    assert there.known == back.known
    assert [turn_policy(found) for found in back.policies] == [show_policy(found) for found in there.policies]
    assert [turn(found) for found in back.settings] == [show(found) for found in there.settings]


def show(change: Change) -> tuple[Any, ...]:
    return change.key, change.old, change.new, change.direction, change.gates, sorted(change.lines)


def turn(change: Change) -> tuple[Any, ...]:
    lines = sorted(Line(SIGNS[line.sign], line.text) for line in change.lines)
    return change.key, change.new, change.old, MIRROR[change.direction], change.gates, lines


def show_policy(found: Any) -> tuple[Any, ...]:
    return (
        found.policy,
        found.change,
        found.direction,
        sorted(map(show, found.changes)),
        sorted(map(show, found.wording)),
    )


def turn_policy(found: Any) -> tuple[Any, ...]:
    changes, wording = sorted(map(turn, found.changes)), sorted(map(turn, found.wording))
    return found.policy, KINDS[found.change], MIRROR[found.direction], changes, wording


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=150)
@given(situations(), st.sampled_from(GATES), st.data())
def test_whoever_is_judged_fares_as_it_says(situation: Situation, gate: str, data: st.DataObject):
    policy, today = situation.policy, datetime.combine(situation.today, time(12), UTC)
    other = data.draw(st.sampled_from([policy, *(mutant.policy for mutant in find_mutants(policy))]))
    old = data.draw(policy_sets(policy))
    kept = {name: getattr(old, name) for name in old._fields}
    alike = PolicySet(**{**kept, "policies": tuple(other if one is policy else one for one in old.policies)})
    new = data.draw(st.one_of(st.just(alike), policy_sets(other)))
    changes = compare(old, new)
    if any(change.key.startswith("gates.") for change in changes.settings):
        return
    made = [judge(side, situation.facts, gate=gate, now=today).outcomes for side in (old, new)]
    ranks = [max((rank_effect(one.effect) for one in side if one.policy == policy.id), default=-1) for side in made]
    direction = next((change.direction for change in changes.policies if change.policy == policy.id), "neither")
    fares = {"stricter": ranks[0] <= ranks[1], "milder": ranks[0] >= ranks[1], "unclear": True}
    assert fares.get(direction, ranks[0] == ranks[1])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(policies())
def test_every_mistake_in_a_policy_is_a_change(policy: Policy):
    for mutant in find_mutants(policy):
        (found,) = compare(PolicySet((policy,)), PolicySet((mutant.policy,))).policies
        same = not found.changes
        # Of `a and a` nothing is changed by `a or a`, which is another text all the same.
        assert found.wording if same else found.changes
        if same:
            pairs = ((policy.when, mutant.policy.when), (policy.require, mutant.policy.require))
            assert all(normalise(old, {}) == normalise(new, {}) for old, new in pairs)


SOURCE = next(source for source in policy_sources() if source.name == "catalogue")
CATALOGUE = load_policies(list_policies(SOURCE.folder, "catalogue"), SCHEMA)


@pytest.mark.parametrize("policy", CATALOGUE, ids=lambda policy: policy.id)
def test_every_mistake_in_the_catalogue_is_a_change(policy):
    mutants = list(find_mutants(policy))
    assert mutants
    for mutant in mutants:
        assert_seen(policy, mutant.policy)


def assert_seen(policy: Policy, mutant: Policy) -> None:
    changes = compare(PolicySet((policy,)), PolicySet((mutant,)))
    (found,) = changes.policies
    assert found.changes, mutant
    assert changes.has_meaning
    for change in found.changes:
        assert change.old != change.new or change.lines
        assert change.key != "definition"


def test_what_nothing_has_words_for_is_said_all_the_same():
    policy = CATALOGUE[0]
    sets = PolicySet((policy,)), PolicySet((replace(policy, effect={"default": "advise"}),), plugins=("x",))
    (rest,) = add_rest(SetChanges(known=1), sets).policies
    assert (rest.policy, rest.direction) == (policy.id, "unclear")
    assert [change.key for change in add_rest(SetChanges(known=1), sets).settings] == ["plugins"]
    told = compare(*sets)
    assert add_rest(told, sets) == told
