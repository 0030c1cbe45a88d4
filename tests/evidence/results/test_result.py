from __future__ import annotations

import pytest

from policy.evidence.results.result import (
    Metric,
    Result,
    UnfitValueError,
    check_names,
    guess_direction,
    read_count,
    read_error,
    read_finite,
)


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "eval_loss",
        "val-loss",
        "WER",
        "perplexity",
        "word_perplexity",
        "rmse",
        "error_rate",
        "latency.p95",
        "toxicity/v1",
    ],
)
def test_of_faults_and_efforts_less_is_better(name):
    assert not guess_direction(name)


@pytest.mark.parametrize(
    "name", ["accuracy", "f1", "style_match", "lossless", "answer", "power", "glossary_hits", "maestro"]
)
def test_of_all_else_more_is_better(name):
    assert guess_direction(name)


def test_a_metric_is_found_by_its_name_or_by_one_spelling():
    result = Result(
        "r.json",
        {
            "a/acc": Metric(1, None, True, spellings=frozenset({"acc", "acc,none"})),
            "b/acc": Metric(2, None, True, spellings=frozenset({"acc"})),
            "b/f1": Metric(3, None, True, spellings=frozenset({"f1"})),
        },
    )
    assert result.find("a/acc") == "a/acc"
    assert result.find("acc,none") == "a/acc"
    assert result.find("f1") == "b/f1"
    assert result.find("acc") is None
    assert result.find("bleu") is None


def test_numbers_are_finite():
    assert read_finite(1, "acc") == 1.0
    with pytest.raises(UnfitValueError, match="`acc` is too large for a number") as caught:
        read_finite(float("inf"), "metrics", "acc")
    assert caught.value.keys == ("metrics", "acc")
    with pytest.raises(UnfitValueError, match=r"^'\\ud800' is too large for a number"):
        read_finite(float("inf"), "\ud800")


@pytest.mark.parametrize(("value", "error"), [(0.02, 0.02), (0, 0.0), ("N/A", None), (None, None), (True, None)])
def test_a_standard_error_may_be_missing(value, error):
    assert read_error(value, "acc_stderr") == error


def test_a_standard_error_is_not_below_0():
    with pytest.raises(UnfitValueError, match="`acc_stderr` is below 0"):
        read_error(-0.1, "acc_stderr")


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (4.0, 4),
        (4.5, None),
        (-1, None),
        (True, None),
        ("4", None),
        (None, None),
        (1e300, None),
        (float("inf"), None),
    ],
)
def test_a_count_is_whole(value, count):
    assert read_count(value) == count


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31m", "\u202egnp", "\ud800", "a" * 201])
def test_names_are_readable(name):
    with pytest.raises(UnfitValueError, match="not one line of readable text"):
        check_names(["fine", name])


def test_there_are_not_too_many_names():
    check_names(f"m{number}" for number in range(2000))
    with pytest.raises(UnfitValueError, match=r"more than 2,000 metrics"):
        check_names(f"m{number}" for number in range(2001))
