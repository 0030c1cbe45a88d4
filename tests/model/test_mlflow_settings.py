"""Which experiments, projects, people and models the settings of an MLflow server are about."""

from __future__ import annotations

import pickle

import pytest

from policy.errors import Location
from policy.model.mlflow_settings import Binding, Globs, MlflowSettings, simplify_id


def bind(*names, ids=(), projects=("*",), **others):
    return Binding(names, ids, projects, **others)


@pytest.mark.parametrize(
    ("patterns", "text", "matched"),
    [
        ((), "", False),
        ((), "a", False),
        (("support-*",), "support-", True),
        (("support-*",), "support-reply/tone\nx", True),
        (("support-*",), "Support-a", False),
        (("support-*",), "my-support-a", False),
        (("support",), "support-a", False),
        (("support",), "support\n", False),
        (("a", "b?"), "bc", True),
        (("a", "b?"), "b", False),
        (("*",), "", True),
        (("run[12]",), "run2", True),
        (("run[12]",), "run3", False),
        (("run[!12]",), "run3", True),
        # A name with brackets is itself, too.
        (("dependabot[bot]",), "dependabot[bot]", True),
        (("a.c",), "abc", False),
        (("a|b",), "a", False),
        (("(",), "(", True),
        (("*a" * 200,), "a" * 400, True),
        (("*a" * 200,), "a" * 199 + "b" * 5_000, False),
    ],
)
def test_a_pattern_matches_the_whole_text_and_minds_case(patterns, text, matched):
    assert Globs(patterns).match(text) == matched


@pytest.mark.parametrize(
    ("name", "experiment_id", "covered"),
    [
        ("support-a", "3", True),
        ("other", "7", True),
        ("other", "3", False),
        ("other", "77", False),
        ("", "", False),
        # MLflow's database takes all of these for 7.
        ("", "007", True),
        ("", "+7", True),
        ("", " 7\n", True),
        ("", "\u0667", True),
        ("", "7.0", False),
        ("", "9" * 5_000, False),
    ],
)
def test_an_experiment_is_covered_by_name_or_by_id(name, experiment_id, covered):
    assert bind("support-*", ids=("7",)).covers(name, experiment_id) == covered


def test_ids_are_no_patterns_and_names_no_ids():
    assert not bind(ids=("7",)).covers("7", "1")
    assert not bind("7").covers("x", "7")
    assert simplify_id("-0") == "0"
    assert simplify_id("default") == "default"


def test_whose_manifests_are_taken():
    binding = bind("x", projects=("support-*", "billing"))
    taken = ["support-bot", "billing", "billing-2", "Billing", ""]
    assert [binding.takes(project) for project in taken] == [True, True, False, False, False]
    assert not bind("x", projects=()).takes("anything")


def test_who_may_train():
    assert bind("x").admits("anybody")
    binding = bind("x", principals=("ada", "ci-*"))
    people = ["ada", "ci-7", "Ada", "ada ", "eve", "", "xci-7"]
    assert [binding.admits(name) for name in people] == [True, True, False, False, False, False, False]


def test_which_models_must_come_from_there():
    assert not bind("x").releases("support")
    assert bind("x", models=("support*",)).releases("support-bot")
    assert not bind("x", models=("support*",)).releases("a-support")


def test_the_first_that_matches_counts():
    canary = bind("support-canary", ids=("9",), models=("support",), mode="observe")
    rest = bind("support-*", models=("support", "support-*"))
    settings = MlflowSettings((canary, rest))
    assert settings.find_binding("support-canary", "1") is canary
    assert settings.find_binding("support-b", "9") is canary
    assert settings.find_binding("support-b", "1") is rest
    assert settings.find_binding("other", "1") is None
    assert settings.find_model_binding("support") is canary
    assert settings.find_model_binding("support-2") is rest
    assert settings.find_model_binding("other") is None


def test_what_holds_where_nothing_is_said():
    settings = MlflowSettings((bind("x"),))
    assert (settings.app, settings.server, settings.without_manifest) == ("none", "mlflow", "block")
    assert (settings.attesters, settings.folder, dict(settings.places)) == ((), "", {})
    assert (settings.bindings[0].mode, settings.bindings[0].policy_set) == ("", "")


def test_where_it_stands_is_no_part_of_what_it_says():
    here, there = (bind("x", location=Location("policy.yaml", line)) for line in (1, 2))
    assert here == there != bind("y")
    assert MlflowSettings((here,), folder="/a") == MlflowSettings((there,), folder="/b")
    assert MlflowSettings((here,)) != MlflowSettings((here,), server="other")


def test_it_can_be_handed_to_another_process():
    binding = bind("support-*", ids=("7",))
    assert binding.covers("support-a", "1")
    copy = pickle.loads(pickle.dumps(binding))
    assert copy == binding
    assert copy.covers("support-b", "1")
