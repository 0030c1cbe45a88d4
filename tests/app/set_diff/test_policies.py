"""What differs in one policy: each kind of change, what it is called, and in which direction it goes."""

from __future__ import annotations

import pytest

from policy.model.gates import GATES
from tests.app.set_diff.conftest import RULE, SET, Files

PLAIN = """\
policy: own
title: Own
severity: low
require: {data.rows: {at_least: 9}}
effect: flag
"""
# What is added to the policy set, and the key, the values and the direction of the one change.
SETTINGS = {
    "params: {own.least: 4}": ("params.least", "3", "4", "stricter", ()),
    "params: {own.least: 2}": ("params.least", "3", "2", "milder", ()),
    "effects: {own: block}": ("effect", "flag", "block", "stricter", GATES),
    "effects: {own: advise}": ("effect", "flag", "advise", "milder", GATES),
    "effects: {own: {ci: block}}": ("effect", "flag", "block", "stricter", ("ci",)),
    "on_unknown: {own: block}": ("on_unknown", "advise", "block", "stricter", GATES),
    "modes: {own: observe}": ("mode", "enforce", "observe", "milder", ()),
    "modes: {own: flag}": ("mode", "enforce", "flag", "milder", ()),
    "from: {own: 2099-01-01}": ("from", None, "2099-01-01", "milder", ()),
    "final: [own]": ("final", "no", "yes", "neither", ()),
}
WORDS = {"stricter": "milder", "milder": "stricter", "neither": "neither", "unclear": "unclear"}


@pytest.mark.parametrize("line", SETTINGS)
def test_a_setting_of_the_policy_set(line, compare):
    key, old, new, direction, gates = SETTINGS[line]
    for turned in (False, True):
        files: tuple[Files, Files] = ({}, {"policy.yaml": f"{SET}{line}\n"})
        (policy,) = compare(*(reversed(files) if turned else files)).policies
        (change,) = policy.changes
        assert change[:5] == ((key, new, old, WORDS[direction], gates) if turned else (key, old, new, direction, gates))
        assert (policy.policy, policy.change, policy.wording) == ("own", "changed", ())
        assert policy.direction == change.direction
        place, other = (change.old_at, change.new_at) if turned else (change.new_at, change.old_at)
        assert (place.line, other) == (3, None)


RULES = {
    "a literal": (
        "params: {least: {default: 3, about: Rows}}\nrequire: {data.rows: {at_least: {param: least}}}",
        "require: {data.rows: {at_least: 5}}",
        "require",
        "stricter",
    ),
    "another test": ("at_least", "at_most", "require", "unclear"),
    "a part more": ("{param: least}}}", "{param: least}}, stage: pilot}", "require", "stricter"),
    "a condition": ("effect: flag", "when: {stage: pilot}\neffect: flag", "when", "milder"),
    "evidence": ("effect: flag", "observed: [data.rows]\neffect: flag", "observed", "unclear"),
    "another effect": ("effect: flag", "effect: block", "effect", "stricter"),
    "no longer judged": ("effect: flag", "effect: {ci: flag}", "effect", "milder"),
    "severity": ("severity: low", "severity: high", "severity", "neither"),
    "a default": ("default: 3", "default: 1", "params.least", "milder"),
    "no default": ("default: 3, ", "", "params.least", "milder"),
}


@pytest.mark.parametrize("case", RULES)
def test_the_policy_itself(case, compare):
    old, new, key, direction = RULES[case]
    changed = RULE.replace(old, new)
    assert changed != RULE
    (policy,) = compare({}, {"rules/own/own.yaml": changed}).policies
    (turned,) = compare({"rules/own/own.yaml": changed}, {"rules/own/own.yaml": RULE}).policies
    told = {change.key: change.direction for change in policy.changes}
    assert told[key] == direction
    assert {change.key: WORDS[change.direction] for change in turned.changes} == told
    assert turned.direction == WORDS[policy.direction]


def test_conditions_are_compared_line_by_line_in_plain_english(compare):
    two = PLAIN.replace("{data.rows: {at_least: 9}}", "{all: [{data.rows: {at_least: 9}}, {stage: pilot}]}")
    three = two.replace("{stage: pilot}", "{stage: production}, {any: [{approach: rag}, {stage: pilot}]}")
    (policy,) = compare({"rules/own/own.yaml": two}, {"rules/own/own.yaml": three}).policies
    (change,) = policy.changes
    assert [f"{line.sign} {line.text}" for line in change.lines] == [
        "  data.rows must be at least 9",
        "- stage must be pilot",
        "+ stage must be production",
        "+ at least one of these:",
        "+   approach must be rag",
        "+   stage must be pilot",
    ]
    assert change.old == "data.rows must be at least 9\nstage must be pilot"
    assert change.direction == "unclear"


def test_a_policy_that_applies_always(compare):
    (policy,) = compare({}, {"rules/own/own.yaml": f"{RULE}when: {{stage: pilot}}\n"}).policies
    assert [tuple(line) for line in policy.changes[0].lines] == [("-", "in every case"), ("+", "stage is pilot")]


@pytest.mark.parametrize(
    ("settings", "direction"),
    [("", "stricter"), ("modes: {other: observe}\n", "neither"), ("modes: {other: flag}\n", "stricter")],
)
def test_a_policy_that_only_one_has(settings, direction, compare):
    other = RULE.replace("policy: own", "policy: other").replace(
        "effect: flag", "effect: {commit: flag, default: block}"
    )
    files = {"policy.yaml": f"{SET}{settings}", "rules/own/other.yaml": other}
    (added,) = compare({}, files).policies
    told = {(change.key, change.gates): (change.old, change.new) for change in added.changes}
    assert (added.policy, added.change, added.direction) == ("other", "added", direction)
    assert told["effect", ("commit",)] == (None, "flag")
    assert told["effect", ("check", "ci", "run", "release")] == (None, "block")
    assert told["require", ()] == (None, "data.rows must be at least 3 (least)")
    assert told["params.least", ()] == (None, "3")


def test_a_policy_that_is_left_out_is_said_as_it_was(compare):
    other = RULE.replace("policy: own", "policy: other")
    (removed,) = compare(
        {"rules/own/other.yaml": other}, {"policy.yaml": f"{SET}without: [other]\n", "rules/own/other.yaml": other}
    ).policies
    assert (removed.policy, removed.change, removed.direction) == ("other", "removed", "milder")
    assert all(change.new is None and change.old for change in removed.changes)
    signs = {line.sign for change in removed.changes for line in change.lines}
    assert signs == {"-"}


def test_what_goes_both_ways_cannot_be_told(compare):
    (policy,) = compare({}, {"policy.yaml": f"{SET}params: {{own.least: 4}}\neffects: {{own: advise}}\n"}).policies
    assert [change.direction for change in policy.changes] == ["milder", "stricter"]
    assert policy.direction == "unclear"


def test_of_a_policy_that_acts_no_more_nothing_else_matters(compare):
    (policy,) = compare({}, {"policy.yaml": f"{SET}params: {{own.least: 4}}\nmodes: {{own: observe}}\n"}).policies
    assert policy.direction == "milder"


def test_the_effect_of_what_is_unknown_is_said_where_it_does_not_follow(compare):
    files = {"policy.yaml": f"{SET}effects: {{own: block}}\non_unknown: {{own: advise}}\n"}
    (policy,) = compare({}, files).policies
    assert [change[:3] for change in policy.changes] == [("effect", "flag", "block")]
    (policy,) = compare({}, {"policy.yaml": f"{SET}effects: {{own: block}}\non_unknown: {{own: same}}\n"}).policies
    assert [change[:3] for change in policy.changes] == [("effect", "flag", "block"), ("on_unknown", "advise", "block")]


def test_less_can_be_harder_where_what_is_unknown_does_more_than_a_failure(compare):
    """Without the first part a failure may become an unknown outcome."""
    rule = RULE.replace("require: {", "require: {data.tokens: {at_least: 9}, ")
    for effect, direction in (("advise", "milder"), ("flag", "milder"), ("block", "unclear")):
        files = {"policy.yaml": f"{SET}on_unknown: {{own: {effect}}}\n"}
        (policy,) = compare({**files, "rules/own/own.yaml": rule}, files).policies
        assert policy.direction == direction


TEXTS = {
    "title: Own": ("title: Its own", "title", "Own", "Its own"),
    "effect: flag": ("effect: flag\nfix: Do it", "fix", None, "Do it"),
    "severity: low": ("severity: low\nbecause: So", "because", None, "So"),
    "about: Rows": ("about: Lines", "params.least.about", "Rows", "Lines"),
    "policy: own": ("policy: own\ninstead: [rag]", "instead", None, "rag"),
}


@pytest.mark.parametrize("old", TEXTS)
def test_wording_changes_no_meaning(old, compare):
    new, key, before, after = TEXTS[old]
    changes = compare({}, {"rules/own/own.yaml": RULE.replace(old, new)})
    (policy,) = changes.policies
    (change,) = policy.wording
    assert change[:4] == (key, before, after, "neither")
    assert (policy.changes, policy.direction, changes.has_meaning) == ((), "neither", False)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (f"# a remark\n{RULE}", SET),
        ("\n".join(reversed(RULE.splitlines())), SET),
        (RULE.replace("effect: flag", "effect: {default: flag}"), SET),
        (RULE, f"# a remark\n{SET}params: {{own.least: 3}}\n"),
        (RULE, f"{SET}effects: {{own: {{ci: flag}}}}\n"),
    ],
)
def test_what_is_only_written_otherwise_is_no_change(rule, text, compare):
    changes = compare({}, {"policy.yaml": text, "rules/own/own.yaml": rule})
    assert (changes.policies, changes.has_meaning) == ((), False)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (
            "effect: flag",
            "effect: {check: flag, commit: flag, ci: flag, run: flag, release: flag}",
            "effect, which comes out",
        ),
        ("effect: flag", "effect: flag\non_unknown: advise", "on_unknown, which comes out"),
    ],
)
def test_what_comes_out_the_same_is_wording(old, new, key, compare):
    (policy,) = compare({}, {"rules/own/own.yaml": RULE.replace(old, new)}).policies
    assert [change.key for change in policy.wording] == [f"{key} the same"]
    assert policy.changes == ()


def test_a_mode_that_is_written_out_is_wording(compare):
    (policy,) = compare({}, {"policy.yaml": f"{SET}modes: {{own: enforce}}\n"}).policies
    assert [change.key for change in policy.wording] == ["mode, which comes out the same"]
    assert policy.changes == ()


def test_another_order_of_tests_means_the_same(compare):
    first = PLAIN.replace("{data.rows: {at_least: 9}}", "{all: [{data.rows: {at_least: 9}}, {stage: pilot}]}")
    second = PLAIN.replace("{data.rows: {at_least: 9}}", "{all: [{stage: pilot}, {data.rows: {at_least: 9}}]}")
    changes = compare({"rules/own/own.yaml": first}, {"rules/own/own.yaml": second})
    assert [change.key for change in changes.policies[0].wording] == ["require, which means the same"]
    assert not changes.has_meaning


def test_a_default_that_is_not_used_is_wording(compare):
    text = f"{SET}params: {{own.least: 7}}\n"
    old, new = RULE, RULE.replace("default: 3", "default: 4")
    changes = compare(
        {"policy.yaml": text, "rules/own/own.yaml": old}, {"policy.yaml": text, "rules/own/own.yaml": new}
    )
    assert [change[:3] for change in changes.policies[0].wording] == [("params.least.default", "3", "4")]
    assert not changes.has_meaning
