"""Whatever makes a gate milder about a policy is reported, and the order of comparison is that of judging."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.plan import make_plan
from policy.errors import Location
from policy.loading.policy_sets.finals import check_parts
from policy.loading.policy_sets.layers import Layer
from policy.loading.policy_sets.merging import Part, pile
from policy.loading.policy_sets.settings import Setting
from policy.loading.policy_sets.tightening import find_loosenings
from policy.model.fields import SCHEMA
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.policy import PolicySet
from policy.model.reading import FactReader
from policy.source.node import Mapping
from tests.building import make_policy

POLICY = make_policy("policy: one\nrequire: {stage: pilot}\neffect: {ci: hold, run: flag}\n")
DATES = [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
KEYS = [
    *(("effects", "one", gate, EFFECTS) for gate in (*GATES, "default")),
    ("on_unknown", "one", "", ("same", *EFFECTS)),
    ("modes", "one", "", MODES),
    *(("gates", gate, "mode", MODES) for gate in ("ci", "run")),
    *(("gates", gate, "on_error", EFFECTS) for gate in ("ci", "run")),
    ("from", "one", "", tuple(DATES)),
]


def make_layer(name: str) -> Layer:
    root = Mapping({}, 1, 1, 1, 1)
    return Layer(name, "/", root, FactReader(SCHEMA, name, []), None, (), (), ())


@st.composite
def parts(draw: Any, name: str, *, final: bool = False, brings: bool = True) -> Part:
    """A layer with some settings for the policy."""
    chosen = draw(st.lists(st.sampled_from(KEYS), max_size=6, unique_by=lambda key: key[:3]))
    found = [
        Setting(section, of, key, draw(st.sampled_from(values)), Location(name, line + 1))
        for line, (section, of, key, values) in enumerate(chosen)
    ]
    if final:
        found.append(Setting("final", "one", "", value=True, location=Location(name, 99)))
    return Part(make_layer(name), ((POLICY, None),) if brings else (), tuple(found))


def act_everywhere(policy_set: PolicySet) -> dict[tuple[str, str, date], int]:
    """How hard every gate acts on every outcome on every day; a gate that does not judge the policy has no entry."""
    acts = {}
    for gate in GATES:
        for step in make_plan(policy_set, gate).steps:
            for day in (date(2026, 1, 1), *DATES):
                for outcome in ("fail", "unknown", "error"):
                    action = step.on_error if outcome == "error" else step.act(outcome, day)
                    acts[gate, outcome, day] = EFFECTS.index(action.effect) if action.effect else -1
    return acts


@settings(max_examples=150)
@given(parts("base"), parts("layer", brings=False))
def test_what_is_not_reported_makes_nothing_milder(base, layer):
    below, above = (pile(found).make_set(has_ledger=True) for found in ((base,), (base, layer)))
    loosened = list(find_loosenings(below, above, layer.settings))
    before, after = act_everywhere(below), act_everywhere(above)
    assert before.keys() <= after.keys()
    if not loosened:
        assert all(after[place] >= hardness for place, hardness in before.items())
    assert {found.location.file for found in loosened} <= {"layer"}


@settings(max_examples=150)
@given(parts("base", final=True), parts("team", brings=False), parts("project", brings=False))
def test_what_is_final_is_never_milder_than_where_it_was_made_final(base, team, project):
    """However many layers come above, and also if one is put below."""
    for order, extended in (((base, team, project), ()), ((project._replace(policies=base.policies), base, team), ())):
        problems = list(check_parts([part._replace(extended=frozenset(extended)) for part in order]))
        if any(problem.level == "error" for problem in problems):
            continue
        alone, whole = (pile(found).make_set(has_ledger=True) for found in ((base,), order))
        after = act_everywhere(whole)
        assert all(after[place] >= hardness for place, hardness in act_everywhere(alone).items())


@given(parts("base", final=True), parts("layer", brings=False))
def test_an_error_shows_the_line_that_made_it_final(base, layer):
    for problem in check_parts([base, layer]):
        assert problem.location is not None
        assert problem.location.file == "layer"
        if problem.level == "error":
            assert [place for _, place in problem.related] == [Location("base", 99)]


@given(parts("base", final=True))
def test_to_say_the_same_again_is_no_loosening(base):
    assert list(check_parts([base, base._replace(layer=make_layer("again"), policies=())])) == []
