"""What a program says of its runs goes before the environment, and ends where it was said."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from policy.app.runs.intent import Intent, intend, read_intent
from policy.app.runs.sent import ACTIVITIES
from policy.errors import PolicyError


def test_without_a_word_nothing_is_said():
    assert read_intent() == Intent("", "", off=False)


def test_the_environment_says_it(monkeypatch):
    monkeypatch.setenv("POLICY_MANIFEST", "a/ml-manifest.yaml")
    monkeypatch.setenv("POLICY_ACTIVITY", "baseline")
    assert read_intent() == Intent("a/ml-manifest.yaml", "baseline")


def test_the_program_says_it_first_and_only_inside(monkeypatch):
    monkeypatch.setenv("POLICY_ACTIVITY", "baseline")
    with intend(Path("a"), "data"):
        with intend(None, "evaluation"):
            assert read_intent() == Intent("a", "evaluation")
        with intend("b", None):
            assert read_intent() == Intent("b", "data")
    assert read_intent() == Intent("", "baseline")


def test_a_folder_counts_until_another_is_said():
    with intend(None, "data", "a"), intend(None, "evaluation"):
        assert read_intent() == Intent("", "evaluation", folder="a")
    assert read_intent().folder == "."


def test_other_threads_are_not_spoken_for():
    seen: list[Intent] = []
    with intend("a", None):
        thread = Thread(target=lambda: seen.append(read_intent()))
        thread.start()
        thread.join()
    assert seen == [Intent()]


@pytest.mark.parametrize(("value", "off"), [("", False), ("0", False), ("1", True), ("true", True)])
def test_it_can_be_left_out(value, off, monkeypatch):
    monkeypatch.setenv("POLICY_OFF", value)
    assert read_intent().off is off


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_every_activity_can_be_said(activity):
    with intend(None, activity):
        assert read_intent().activity == activity


@pytest.mark.parametrize("activity", ["Training", "train", "x" * 100])
def test_an_activity_that_there_is_not(activity, monkeypatch):
    monkeypatch.setenv("POLICY_ACTIVITY", activity)
    with pytest.raises(PolicyError, match="is no activity of a run") as raised:
        read_intent()
    assert raised.value.problems[0].remedy == "say one of baseline, evaluation, data, training"
