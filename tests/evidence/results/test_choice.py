from __future__ import annotations

import pytest

from policy.evidence.results import choice
from policy.evidence.results.choice import (
    UndecidedError,
    choose_metric,
    pick_baseline,
    pick_tuned,
    split_entries,
)
from policy.evidence.results.entries import Entry
from policy.evidence.results.result import Metric, Result
from policy.model.fact import Fact


def enter(approach, values=None, shown="r.json", metric=None, higher=True, **rest):
    result = None
    if values is not None:
        result = Result(shown, {name: Metric(value, None, higher) for name, value in values.items()})
    named = Fact("metric", metric) if metric else None
    return Entry(approach, Fact("results", shown), named, result=result, **rest)


BASE = enter("base-model", {"acc": 0.4, "f1": 0.3}, "base.json")
PROMPT = enter("prompt-engineering", {"acc": 0.7, "f1": 0.2}, "prompt.json")
TUNED = enter("fine-tuning", {"acc": 0.8, "f1": 0.5}, "tuned.json")
HYBRID = enter("hybrid", {"acc": 0.9}, "hybrid.json")


def undecided(function, *arguments):
    with pytest.raises(UndecidedError) as caught:
        function(*arguments)
    return caught.value.reason


def test_entries_are_tuned_or_cheaper():
    unsaid, nothing = enter(None, {"acc": 1}), Entry(None, None)
    assert split_entries([BASE, TUNED, unsaid, nothing, HYBRID]) == ([TUNED, HYBRID], [BASE, unsaid])


@pytest.mark.parametrize(
    ("tuned", "cheaper", "chosen"),
    [
        ([HYBRID], [BASE, PROMPT], "acc"),
        ([TUNED._replace(metric=Fact("metric", "f1"))], [BASE._replace(metric=Fact("metric", "acc"))], "f1"),
        ([TUNED], [BASE._replace(metric=Fact("metric", "f1")), PROMPT], "f1"),
        ([], [enter("rag", {"acc": 1})], "acc"),
        # Of one approach each file may hold a metric.
        ([HYBRID], [enter("rag", {"acc": 1}), enter("rag", {"f1": 1})], "acc"),
        ([TUNED, HYBRID], [enter("rag", {"acc": 1}), enter("few-shot", reason="missing")], "acc"),
    ],
)
def test_the_metric_is_named_or_the_only_one(tuned, cheaper, chosen):
    assert choose_metric(tuned, cheaper) == chosen


@pytest.mark.parametrize(
    ("tuned", "cheaper", "reason"),
    [
        ([TUNED], [BASE], "the results share several metrics (acc, f1): name one as `metric` under `tried`"),
        (
            [enter("hybrid", dict.fromkeys("abcdefg", 1.0))],
            [],
            "the results share several metrics (a, b, c, d, e and 2 more): name one as `metric` under `tried`",
        ),
        (
            [enter("hybrid", metric="a"), enter("hybrid", metric="b")],
            [BASE],
            "entries under `tried` name several metrics (a, b), so none is compared",
        ),
        ([enter("hybrid", {"x": 1})], [BASE], "the results share no metric"),
        ([enter("hybrid", reason="`r.json` does not exist")], [], "`r.json` does not exist"),
    ],
)
def test_else_the_metric_is_undecided(tuned, cheaper, reason):
    assert undecided(choose_metric, tuned, cheaper) == reason


def test_the_metrics_of_an_approach_are_gathered_once(monkeypatch):
    gathered = []
    known = choice._collect_names

    def collect(entries):
        gathered.append(entries)
        return known(entries)

    monkeypatch.setattr(choice, "_collect_names", collect)
    many = [enter("few-shot", {"acc": 0.5}, f"{number}.json") for number in range(50)]
    assert choose_metric([TUNED], [BASE, *many]) == "acc"
    # To look at all entries for each of them takes hours where there are many.
    assert len(gathered) == 3


def test_the_best_cheaper_result_is_the_baseline():
    assert pick_baseline([BASE, PROMPT], "acc").entry is PROMPT
    assert pick_baseline([BASE, PROMPT], "f1").entry is BASE
    low, high = (enter(name, {"loss": value}, higher=False) for name, value in (("rag", 1.0), ("few-shot", 2.0)))
    assert pick_baseline([high, low], "loss").entry is low


def test_between_equals_the_name_decides():
    one, other = enter("rag", {"acc": 1}, "a.json"), enter("few-shot", {"acc": 1}, "b.json")
    assert pick_baseline([one, other], "acc") == pick_baseline([other, one], "acc")


@pytest.mark.parametrize(
    ("cheaper", "reason"),
    [
        ([], "no result of a cheaper approach is named under `tried`"),
        ([BASE, enter("rag", reason="`r.json` does not exist")], "`r.json` does not exist"),
        ([BASE, enter("rag", {"bleu": 1})], "`r.json` holds no metric `acc`, or several of that name"),
        ([BASE, enter(None, {"acc": 0.1})], "the entry of `tried` with `r.json` names no approach"),
        (
            [BASE, Entry("rag", None, score=0.5)],
            "an entry of `tried` for rag states a better score, and no results that could be read",
        ),
        (
            [BASE, enter("rag", {"acc": 1}, higher=False)],
            "the results disagree on whether more `acc` is better",
        ),
    ],
)
def test_else_the_best_is_undecided(cheaper, reason):
    assert undecided(pick_baseline, cheaper, "acc") == reason


@pytest.mark.parametrize(
    "entry",
    [
        Entry("rag", None, score=0.4),
        Entry("rag", None, score=0.39),
        Entry("rag", None),
        Entry("rag", None, Fact("metric", "f1"), 0.9),
        enter("rag", {"f1": 0.9}, metric="f1"),
        enter("base-model", {"f1": 0.9}),
    ],
)
def test_what_is_no_better_or_of_another_metric_leaves_the_best(entry):
    assert pick_baseline([BASE, entry], "acc").entry is BASE


def test_a_stated_score_is_better_the_other_way_round_where_less_is():
    known = enter("base-model", {"loss": 2.0}, higher=False)
    assert pick_baseline([known, Entry("rag", None, score=2.5)], "loss").entry is known
    assert "states a better score" in undecided(pick_baseline, [known, Entry("rag", None, score=1.5)], "loss")


def test_the_tuned_result_is_that_of_the_projects_approach():
    assert pick_tuned([TUNED, HYBRID], "acc", "hybrid").entry is HYBRID
    assert pick_tuned([TUNED, HYBRID], "acc", "fine-tuning").entry is TUNED
    assert pick_tuned([HYBRID], "acc", "fine-tuning").entry is HYBRID
    # Two entries for one file are one result.
    assert pick_tuned([TUNED, TUNED], "acc", None).entry is TUNED


def test_else_the_tuned_result_is_undecided():
    assert undecided(pick_tuned, [TUNED, HYBRID], "acc", None) == (
        "several results are of a tuned model (tuned.json, hybrid.json), and which one counts is not said"
    )
    assert undecided(pick_tuned, [], "acc", None) == "no result of a tuned model is named under `tried`"
    broken = enter("fine-tuning", reason="broken")
    assert undecided(pick_tuned, [TUNED, broken], "acc", "fine-tuning") == "broken"
