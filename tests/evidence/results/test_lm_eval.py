from __future__ import annotations

import json

import pytest

from policy.evidence.results import lm_eval
from policy.evidence.results.lm_eval import read_lm_eval, recognise
from policy.evidence.results.result import Task, UnfitValueError
from tests.evidence.results.building import write_lm_eval

GROUPED = {
    "results": {
        "mmlu": {"alias": "mmlu", "acc,none": 0.5, "acc_stderr,none": 0.01},
        "law": {"alias": " - law", "acc,none": 0.4, "acc_stderr,none": 0.02},
        "maths": {"alias": " - maths", "acc,none": 0.6, "acc_stderr,none": "N/A"},
    },
    "group_subtasks": {"mmlu": ["humanities", "maths"], "humanities": ["law", "mmlu"]},
    "versions": {"mmlu": 2, "law": "1.0", "maths": 1.0},
    "n-shot": {"law": 5, "maths": 5},
    "n-samples": {"law": {"original": 10, "effective": 10}, "maths": {"original": 9, "effective": 8}},
    "higher_is_better": {"law": {"acc": True}, "maths": {"acc": None}},
    "task_hashes": {"law": "ab", "maths": "cd"},
}


def test_a_task_is_read_whole():
    result = read_lm_eval(json.loads(write_lm_eval(0.87, 0.02, shots=3)), "evals/tuned.json")
    assert list(result.metrics) == ["tone/style"]
    metric = result.metrics["tone/style"]
    assert (metric.value, metric.error, metric.higher_is_better) == (0.87, 0.02, True)
    assert metric.tasks == (Task("tone", "1.0", 3, 60, "a" * 64),)
    assert metric.spellings >= {"style", "style,none", "tone/style,none"}
    assert result.few_shot == 3
    assert result.samples == {"tone/style": ("evals/samples_tone_tuned.jsonl", "style", "none")}


def test_a_group_rests_on_its_tasks():
    result = read_lm_eval(GROUPED, "r.json")
    law, maths = Task("law", "1.0", 5, 10, "ab"), Task("maths", "1.0", 5, 8, "cd")
    assert result.metrics["mmlu/acc"].tasks == (law, maths)
    assert result.metrics["law/acc"].tasks == (law,)
    assert result.metrics["maths/acc"].error is None
    assert set(result.samples) == {"law/acc", "maths/acc"}
    assert result.few_shot == 5


def test_groups_of_groups_without_end_are_refused(monkeypatch):
    monkeypatch.setattr(lm_eval, "_MOST_STEPS", 11)
    with pytest.raises(UnfitValueError) as caught:
        read_lm_eval(GROUPED, "r.json")
    assert caught.value.message == "`group_subtasks` holds too many tasks of tasks"
    assert caught.value.keys == ("group_subtasks",)
    monkeypatch.setattr(lm_eval, "_MOST_STEPS", 12)
    assert read_lm_eval(GROUPED, "r.json").metrics


def test_filters_are_told_apart_and_an_old_file_has_none():
    values = {"exact_match,strict": 0.5, "exact_match,flexible": 0.6, "acc": 0.7, "acc_stderr": 0.1, "sample_len": 60}
    result = read_lm_eval({"results": {"gsm8k": values}, "versions": {}}, "r.json")
    assert set(result.metrics) == {"gsm8k/exact_match,strict", "gsm8k/exact_match,flexible", "gsm8k/acc"}
    assert result.metrics["gsm8k/acc"].error == 0.1
    assert result.find("exact_match") is None
    assert result.find("exact_match,strict") == "gsm8k/exact_match,strict"
    assert result.samples["gsm8k/exact_match,strict"][1:] == ("exact_match", "strict")


@pytest.mark.parametrize(
    ("stated", "metric", "higher"),
    [
        ({"tone": {"loss": True}}, "loss", True),
        ({"tone": {"acc": False}}, "acc", False),
        ({"tone": {"loss": None}}, "loss", False),
        ({"tone": {"loss": "true"}}, "loss", False),
        ({}, "word_perplexity", False),
        ([], "acc", True),
    ],
)
def test_whether_more_is_better_is_said_or_guessed(stated, metric, higher):
    root = {"results": {"tone": {f"{metric},none": 1.0}}, "higher_is_better": stated}
    assert read_lm_eval(root, "r.json").metrics[f"tone/{metric}"].higher_is_better is higher


@pytest.mark.parametrize(
    ("file", "samples"),
    [
        ("results_2026-07-14T10-00-00.123456.json", "samples_tone_2026-07-14T10-00-00.123456.jsonl"),
        ("m/tuned_2026-07-14T10-00-00.json", "m/samples_tone_2026-07-14T10-00-00.jsonl"),
        ("m/tuned.json", "m/samples_tone_tuned.jsonl"),
        ("../evals/tuned_2.json", "../evals/samples_tone_tuned_2.jsonl"),
    ],
)
def test_samples_stand_beside_the_results(file, samples):
    assert read_lm_eval(json.loads(write_lm_eval(1)), file).samples["tone/style"][0] == samples


def test_a_task_with_a_slash_names_no_file():
    assert read_lm_eval({"results": {"../x": {"acc": 1}}, "versions": {}}, "r.json").samples == {}


@pytest.mark.parametrize(
    ("versions", "shots", "samples", "hashes", "task"),
    [
        ([], 3, "many", None, Task("tone")),
        ({"tone": None}, {"tone": "3"}, {"tone": 60}, {"tone": 7}, Task("tone")),
        ({"tone": True}, {"tone": -1}, {"tone": {"effective": 1.5}}, {"tone": ""}, Task("tone")),
        ({"tone": 0}, {"tone": 0}, {"tone": {"effective": 0}}, {"tone": "x"}, Task("tone", "0", 0, 0, "x")),
    ],
)
def test_what_is_no_version_or_count_is_not_known(versions, shots, samples, hashes, task):
    root = {
        "results": {"tone": {"acc": 1}},
        "versions": versions,
        "n-shot": shots,
        "n-samples": samples,
        "task_hashes": hashes,
        "group_subtasks": {"tone": [1, None]},
    }
    assert read_lm_eval(root, "r.json").metrics["tone/acc"].tasks == (task,)


@pytest.mark.parametrize(
    ("results", "message", "keys"),
    [
        ([], "`results` is no mapping of tasks to their metrics", ("results",)),
        ({"tone": 0.9}, "`results` is no mapping of tasks to their metrics", ("results",)),
        ({}, "`results` holds no metric: a name with a number", ("results",)),
        (
            {"tone": {"acc,none": "0.9", "alias": "tone"}},
            "`results` holds no metric: a name with a number",
            ("results",),
        ),
        (
            {"tone": {"acc,none": float("-inf")}},
            "`acc,none` is too large for a number",
            ("results", "tone", "acc,none"),
        ),
        (
            {"tone": {"acc,none": 1, "acc_stderr,none": -1}},
            "`acc_stderr,none` is below 0, and a standard error is not",
            ("results", "tone", "acc_stderr,none"),
        ),
    ],
)
def test_what_is_wrong_is_said(results, message, keys):
    with pytest.raises(UnfitValueError) as caught:
        read_lm_eval({"results": results, "versions": {}}, "r.json")
    assert (caught.value.message, caught.value.keys) == (message, keys)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({"results": {}, "n-shot": {}}, True),
        ({"results": [], "versions": {}}, True),
        ({"results": {}}, False),
        ({"versions": {}, "accuracy": 1}, False),
        ({"accuracy": 1}, False),
    ],
)
def test_its_files_are_known_by_their_keys(root, expected):
    assert recognise(root) is expected
