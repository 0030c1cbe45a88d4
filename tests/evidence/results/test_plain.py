from __future__ import annotations

import pytest

from policy.evidence.results.plain import read_plain
from policy.evidence.results.result import Metric, UnfitValueError


def test_names_and_numbers_are_metrics():
    result = read_plain({"accuracy": 0.9, "loss": 2, "model": "base", "ok": True, "per_class": {"a": 1}}, "r.json")
    assert result.metrics == {
        "accuracy": Metric(0.9, None, higher_is_better=True),
        "loss": Metric(2.0, None, higher_is_better=False),
    }
    assert (result.shown, result.samples, result.few_shot) == ("r.json", {}, None)


def test_they_may_stand_under_metrics():
    assert list(read_plain({"date": 20261120, "metrics": {"accuracy": 0.9}}, "r.json").metrics) == ["accuracy"]


def test_standard_errors_are_no_metrics():
    values = {"accuracy": 0.9, "accuracy_stderr": 0.02, "f1": 0.8, "f1_stderr": "N/A", "lonely_stderr": 0.1}
    metrics = read_plain(values, "r.json").metrics
    assert {name: metric.error for name, metric in metrics.items()} == {
        "accuracy": 0.02,
        "f1": None,
        "lonely_stderr": None,
    }


@pytest.mark.parametrize(
    ("root", "message", "keys"),
    [
        ({}, "there is no metric: a name with a number", ()),
        ({"accuracy": "0.9", "ok": True, "none": None}, "there is no metric: a name with a number", ()),
        ({"metrics": {}}, "there is no metric: a name with a number", ("metrics",)),
        ({"metrics": [1]}, "`metrics` is no mapping of names to numbers", ("metrics",)),
        ({"metrics": {"a": float("inf")}}, "`a` is too large for a number", ("metrics", "a")),
        ({"a": 1, "a_stderr": -1}, "`a_stderr` is below 0, and a standard error is not", ("a_stderr",)),
        ({"\ud800": 1}, r"a metric's name is not one line of readable text: '\ud800'", ()),
    ],
)
def test_what_is_wrong_is_said(root, message, keys):
    with pytest.raises(UnfitValueError) as caught:
        read_plain(root, "r.json")
    assert (caught.value.message, caught.value.keys) == (message, keys)


def test_html_in_a_name_is_a_name():
    assert list(read_plain({"<b>acc</b>": 1}, "r.json").metrics) == ["<b>acc</b>"]
