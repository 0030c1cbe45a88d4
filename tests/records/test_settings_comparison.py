"""What differs between two settings: nothing is missed, and nothing is said twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.records.settings_comparison import (
    EXPERIMENT_KEYS,
    KEYS,
    compare_settings,
    describe_binding,
    describe_settings,
    name_experiment,
)

SUPPORT = Binding(("support-*",), (), ("support-tone",))
BILLING = Binding(("billing-*",), ("7",), ("billing",))


def alter(binding, **more):
    keys = ("names", "ids", "projects", "principals", "models", "mode", "policy_set")
    return Binding(**{**{key: getattr(binding, key) for key in keys}, **more})


def describe(*bindings, **more):
    return describe_settings(MlflowSettings(bindings, **more))


def compare(old, new):
    return [tuple(change.values()) for change in compare_settings(old, new)]


def test_the_same_settings_differ_in_nothing():
    assert compare(describe(SUPPORT, BILLING), describe(SUPPORT, BILLING)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": "observe"}, ("mode", None, "observe")),
        ({"projects": ("support-tone", "other")}, ("project", ["support-tone"], ["other", "support-tone"])),
        ({"principals": ("ada",)}, ("principals", [], ["ada"])),
        ({"models": ("m-*",)}, ("models", [], ["m-*"])),
        ({"policy_set": "team.yaml"}, ("policy_set", None, "team.yaml")),
    ],
)
def test_a_key_of_an_experiment(change, said):
    assert compare(describe(SUPPORT, BILLING), describe(alter(SUPPORT, **change), BILLING)) == [
        ("support-*", *said),
    ]


@pytest.mark.parametrize(
    ("key", "value", "old"),
    [
        ("app", "basic-auth", "none"),
        ("spool_keys", ("k",), []),
        ("without_manifest", "flag", "block"),
        ("attesters", ("ci-bot",), []),
    ],
)
def test_a_key_of_the_server(key, value, old):
    shown = list(value) if isinstance(value, tuple) else value
    assert compare(describe(SUPPORT), describe(SUPPORT, **{key: value})) == [(None, key, old, shown)]


def test_every_setting_is_compared():
    # The server is the place, and not in it.
    known = {"bindings", "server", *MlflowSettings._uncompared}
    assert set(MlflowSettings._fields) - known == set(KEYS)
    assert set(Binding._fields) - Binding._uncompared == {
        {"name": "names", "id": "ids", "project": "projects"}.get(key, key) for key in EXPERIMENT_KEYS
    }


def test_where_it_is_written_is_no_change():
    moved = MlflowSettings((SUPPORT,), folder="/elsewhere")
    assert compare(describe(SUPPORT), describe_settings(moved)) == []


def test_an_experiment_that_is_added_and_one_that_is_removed():
    assert compare(describe(SUPPORT), describe(SUPPORT, BILLING)) == [
        ("billing-*, id 7", "experiment", None, describe_binding(BILLING))
    ]
    assert compare(describe(SUPPORT, BILLING), describe(BILLING)) == [
        ("support-*", "experiment", describe_binding(SUPPORT), None)
    ]


def test_without_settings_before_everything_is_added():
    said = compare(None, describe(SUPPORT, BILLING))
    assert [(name, key) for name, key, _, new in said if key == "experiment" and new] == [
        ("support-*", "experiment"),
        ("billing-*, id 7", "experiment"),
    ]
    assert [(key, old) for _, key, old, _ in said if key != "experiment"] == [
        ("app", None),
        ("without_manifest", None),
        ("attesters", None),
        ("spool_keys", None),
        ("webhooks", None),
    ]


def test_names_that_change_are_those_of_the_same_experiment_where_one_stays():
    wider = alter(BILLING, names=("billing-*", "invoice-*"))
    assert compare(describe(BILLING), describe(wider)) == [
        ("billing-*, invoice-*, id 7", "name", ["billing-*"], ["billing-*", "invoice-*"])
    ]


def test_the_order_in_which_they_are_asked_is_said():
    assert compare(describe(SUPPORT, BILLING), describe(BILLING, SUPPORT)) == [
        (None, "order", ["support-*", "billing-*, id 7"], ["billing-*, id 7", "support-*"])
    ]


def test_one_put_first_changes_no_order_of_the_others():
    said = compare(describe(SUPPORT, BILLING), describe(Binding(("canary",), (), ("a",)), SUPPORT, BILLING))
    assert [change[:2] for change in said] == [("canary", "experiment")]


BINDINGS = st.lists(
    st.builds(
        Binding,
        names=st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple),
        ids=st.lists(st.sampled_from("12"), max_size=2, unique=True).map(tuple),
        projects=st.just(("p",)),
        mode=st.sampled_from(["", "observe", "enforce"]),
    ),
    max_size=5,
).map(tuple)


def undo(document, change):
    """The document with one change taken back, where that is of a key."""
    key, old = change["key"], change["old"]
    if change["experiment"] is None:
        return {**document, key: old}
    experiments = [
        {**one, key: old} if name_experiment(one) == change["experiment"] else one for one in document["experiments"]
    ]
    return {**document, "experiments": experiments}


@given(BINDINGS, BINDINGS)
def test_every_difference_is_said(old, new):
    before, after = describe(*old), describe(*new)
    said = compare_settings(before, after)
    assert bool(said) == (before != after)
    json.dumps(said)
    added = [change["new"] for change in said if change["key"] == "experiment" and change["new"]]
    removed = [change["old"] for change in said if change["key"] == "experiment" and change["old"]]
    assert len(before["experiments"]) - len(removed) == len(after["experiments"]) - len(added)


@given(BINDINGS.filter(lambda found: len({name_experiment(describe_binding(one)) for one in found}) == len(found)))
def test_a_mode_that_changes_is_always_said(bindings):
    before, after = describe(*bindings), describe(*(alter(one, mode="flag") for one in bindings))
    said = compare_settings(before, after)
    assert [change["key"] for change in said] == ["mode"] * len(bindings)
    for change in said:
        after = undo(after, change)
    assert after == before


@pytest.mark.parametrize(
    "document",
    [{}, {"experiments": 1}, {"experiments": [1, None, {}]}, {"experiments": [{"name": {}, "id": [[]]}]}],
)
def test_what_is_no_settings_is_compared_all_the_same(document):
    assert compare_settings(document, document) == []
    assert compare_settings(document, describe(SUPPORT))
    assert compare_settings(describe(SUPPORT), document)


def test_a_thousand_experiments_that_all_change_are_compared_at_once():
    old = [Binding((f"a-{number}",), (str(number),), ("p",)) for number in range(1000)]
    new = [alter(one, names=(f"b-{number}",)) for number, one in enumerate(reversed(old))]
    said = compare_settings(describe(*old), describe(*new))
    assert [change["key"] for change in said] == [*["name"] * 1000, "order"]
