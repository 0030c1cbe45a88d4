from __future__ import annotations

import os
from math import isclose, sqrt

import pytest

from policy.evidence.results import entries
from policy.evidence.results.collector import EvaluationResults
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.plugins.contracts import Collector, Project
from tests.evidence.results.building import Answer, Told, declare, write_lm_eval, write_run, write_samples

BASE = {"approach": "base-model", "results": "evals/base.json"}
PROMPT = {"approach": "prompt-engineering", "results": "evals/prompt.json"}
TUNED = {"approach": "fine-tuning", "results": "evals/tuned.json"}
FILES = {
    "evals/base.json": write_lm_eval(0.41),
    "evals/prompt.json": write_lm_eval(0.72, 0.03),
    "evals/tuned.json": write_lm_eval(0.87, 0.02),
}
LOW = 0.87 - 0.72 - 1.959963984540054 * sqrt(0.03**2 + 0.02**2)


def test_results_are_held_against_each_other(collect):
    told = collect(FILES, BASE, PROMPT, TUNED)
    assert told.tried == [
        {"results": "evals/base.json", "metric": "tone/style", "score": 0.41, "few_shot": 0, "comparable": True},
        {"results": "evals/prompt.json", "metric": "tone/style", "score": 0.72, "few_shot": 0, "comparable": True},
        {"results": "evals/tuned.json", "metric": "tone/style", "score": 0.87, "few_shot": 0},
    ]
    assert isclose(told.values.pop("evaluation.gain_low"), LOW)
    assert isclose(told.values.pop("evaluation.gain"), 0.15)
    assert told.values == {
        "evaluation.metrics": Members(("tone/style",), complete=True),
        "evaluation.baseline": 0.72,
        "evaluation.tuned": 0.87,
        "evaluation.comparable": True,
    }
    assert (told.problems, told.unavailable) == ([], {})


def test_facts_say_where_they_come_from(collect):
    evidence = collect(FILES, BASE, PROMPT, TUNED).evidence
    assert {fact.path for fact in evidence.facts} == {*EvaluationResults.observes} - {"evaluation.lower_is_better"}
    assert {(fact.origin, fact.source) for fact in evidence.facts} == {("observed", "evaluation results")}
    places = {fact.path: fact.location.line for fact in evidence.facts}
    assert (places["evaluation.baseline"], places["evaluation.tuned"], places["evaluation.gain_low"]) == (11, 12, 12)
    assert all(len(fact.digest) == 64 for fact in evidence.facts)


def test_the_order_of_entries_decides_nothing(collect):
    one, other = collect(FILES, BASE, PROMPT, TUNED), collect(FILES, TUNED, PROMPT, BASE)
    assert one.values == other.values


def test_what_is_observed_belongs_to_what_is_declared(collect):
    """The facts as they are judged: entries merged by their results, and the gain derived alike."""
    evidence = collect(FILES, BASE, PROMPT, {**TUNED, "sufficient": True}).evidence
    declared = declare(BASE, PROMPT, {**TUNED, "sufficient": True})
    facts = Facts((Fact("approach", "fine-tuning"), declared, *evidence.facts), SCHEMA)
    assert facts.contradictions == ()
    assert [item["score"] for item in facts.values["tried"].items] == [0.41, 0.72, 0.87]
    assert facts.values["tried"].items[2]["sufficient"] is True
    assert facts.values["tried"].complete
    assert isclose(facts.proven_values["evaluation.gain"], 0.15)
    assert isclose(facts.proven_values["evaluation.gain_low"], LOW)


def test_a_score_that_the_file_does_not_hold_contradicts(collect):
    prompt = {**PROMPT, "score": 0.5, "few_shot": 4}
    facts = Facts((declare(BASE, prompt, TUNED), *collect(FILES, BASE, prompt, TUNED).evidence.facts), SCHEMA)
    assert [item.path for item in facts.contradictions] == ["tried[].few_shot", "tried[].score"]


def test_nothing_named_is_nothing_observed(collect):
    for told in (collect({}), collect({}, {"approach": "rag", "score": 0.5}), collect({}, {"approach": "rag"})):
        assert told.evidence == ((), (), {})
    collector: Collector = EvaluationResults({})
    assert collector.collect(Project("/", "", ())).facts == ()


def test_paths_are_relative_to_the_manifest(collect):
    files = {f"team/{name}": text for name, text in FILES.items()}
    told = collect(files, BASE, PROMPT, TUNED, folder="team")
    assert told.values["evaluation.baseline"] == 0.72
    assert told.tried[0]["results"] == "evals/base.json"
    shared = {**BASE, "results": "../shared/base.json"}
    told = collect({**files, "shared/base.json": write_lm_eval(0.8)}, shared, TUNED, folder="team")
    assert told.values["evaluation.baseline"] == 0.8


def test_without_standard_errors_or_samples_there_is_no_interval(collect):
    told = collect({**FILES, "evals/prompt.json": write_lm_eval(0.72, "N/A")}, PROMPT, TUNED)
    assert "evaluation.gain_low" not in told.values
    assert isclose(told.values["evaluation.gain"], 0.15)
    assert told.values["evaluation.comparable"] is True
    assert list(told.unavailable) == ["evaluation.gain_low"]
    assert "two numbers have no interval" in told.unavailable["evaluation.gain_low"]


def test_samples_give_a_paired_interval(collect):
    # The same gain on every question: standard errors alone would leave it uncertain.
    prompt = [0.5, 0.25] * 30
    files = {
        "evals/prompt.json": write_lm_eval(0.375, 0.1),
        "evals/tuned.json": write_lm_eval(0.5, 0.1),
        "evals/samples_tone_prompt.jsonl": write_samples(prompt),
        "evals/samples_tone_tuned.jsonl": write_samples([value + 0.125 for value in prompt]),
    }
    assert collect(files, PROMPT, TUNED).values["evaluation.gain_low"] == 0.125
    # Those of another evaluation do not give the score.
    files["evals/samples_tone_tuned.jsonl"] = write_samples(prompt)
    assert collect(files, PROMPT, TUNED).values["evaluation.gain_low"] < 0


def test_another_prompt_has_another_hash_and_the_same_questions(collect):
    files = {**FILES, "evals/prompt.json": write_lm_eval(0.5, digest="b" * 64)}
    told = collect(files, PROMPT, TUNED)
    assert told.values["evaluation.comparable"] is False
    assert told.tried[0]["comparable"] is False
    ((level, text),) = told.problems
    assert (level, text.partition(": ")[0]) == ("warning", "ml-manifest.yaml:11:5")
    assert text.partition(": ")[2] == (
        "`evals/tuned.json` and `evals/prompt.json` cannot be compared: "
        "the hashes of `tone` differ, and samples of both to look into are missing"
    )
    files["evals/samples_tone_prompt.jsonl"] = write_samples([0.5] * 20, prompt="be kind")
    files["evals/samples_tone_tuned.jsonl"] = write_samples([0.87] * 20)
    told = collect(files, PROMPT, TUNED)
    assert (told.values["evaluation.comparable"], told.problems) == (True, [])
    files["evals/samples_tone_tuned.jsonl"] = write_samples([0.87] * 20, first=1)
    told = collect(files, PROMPT, TUNED)
    assert told.values["evaluation.comparable"] is False
    assert told.problems[0][1].endswith("the samples are of different questions")


@pytest.mark.parametrize(
    ("changes", "comparable", "reason"),
    [
        ({"version": 2.0}, False, "the versions of `tone` differ: 1.0 and 2.0"),
        ({"shots": 4}, False, "the numbers of shots of `tone` differ: 0 and 4"),
        ({"count": 30}, False, "the numbers of samples of `tone` differ: 60 and 30"),
        ({"digest": None}, None, "there are no task hashes: evaluate with --log_samples"),
        ({"version": None}, None, "the results do not give the version and the number of shots"),
        ({"shots": None}, None, "the results do not give the version and the number of shots"),
    ],
)
def test_what_differs_cannot_be_compared(collect, changes, comparable, reason):
    told = collect({**FILES, "evals/prompt.json": write_lm_eval(0.5, **changes)}, PROMPT, TUNED)
    assert told.values.get("evaluation.comparable") is comparable
    assert told.tried[0].get("comparable") is comparable
    found = told.unavailable.get("evaluation.comparable") or told.problems[0][1].partition("compared: ")[2]
    assert found == reason


def test_where_less_is_better_the_gain_is_the_drop(collect):
    files = {
        "evals/base.json": write_lm_eval(9.0, metric="perplexity", higher=False),
        "evals/prompt.json": write_lm_eval(7.0, 0.3, metric="perplexity", higher=False),
        "evals/tuned.json": write_lm_eval(5.0, 0.4, metric="perplexity", higher=False),
    }
    told = collect(files, BASE, PROMPT, TUNED)
    assert told.values["evaluation.gain"] == 2.0
    assert isclose(told.values["evaluation.gain_low"], 2.0 - 1.959963984540054 * 0.5)
    assert (told.values["evaluation.baseline"], told.values["evaluation.tuned"]) == (7.0, 5.0)
    assert told.values["evaluation.lower_is_better"] is True
    facts = Facts((declare(BASE, PROMPT, TUNED), *told.evidence.facts), SCHEMA)
    assert (facts.values["evaluation.gain"], facts.contradictions) == (2.0, ())


def test_a_stated_pair_does_not_contradict_where_less_is_better(collect):
    files = {
        "evals/prompt.json": write_lm_eval(0.2, metric="wer", higher=False),
        "evals/tuned.json": write_lm_eval(0.1, metric="wer", higher=False),
    }
    told = collect(files, PROMPT, TUNED)
    stated = (Fact("evaluation.tuned", 0.1), Fact("evaluation.baseline", 0.2))
    facts = Facts((declare(PROMPT, TUNED), *stated, *told.evidence.facts), SCHEMA)
    assert isclose(facts.values["evaluation.gain"], 0.1)
    assert facts.contradictions == ()


def test_pairs_are_taken_the_right_way_round_where_less_is_better(collect):
    files = {
        "evals/prompt.json": write_lm_eval(3.0, metric="loss", higher=False),
        "evals/tuned.json": write_lm_eval(2.0, metric="loss", higher=False),
        "evals/samples_tone_prompt.jsonl": write_samples([3.0] * 20, "loss"),
        "evals/samples_tone_tuned.jsonl": write_samples([2.0] * 20, "loss"),
    }
    assert collect(files, PROMPT, TUNED).values["evaluation.gain_low"] == 1.0


def test_plain_numbers_give_a_gain_and_no_more(collect):
    files = {"evals/base.json": '{"accuracy": 0.5}', "evals/tuned.json": '{"metrics": {"accuracy": 0.75}}'}
    told = collect(files, BASE, TUNED)
    assert told.values["evaluation.gain"] == 0.25
    assert set(told.unavailable) == {"evaluation.gain_low", "evaluation.comparable"}
    assert told.tried == [
        {"results": "evals/base.json", "metric": "accuracy", "score": 0.5},
        {"results": "evals/tuned.json", "metric": "accuracy", "score": 0.75},
    ]


def test_plain_numbers_with_standard_errors_have_an_interval(collect):
    files = {
        "evals/base.json": '{"accuracy": 0.5, "accuracy_stderr": 0.03}',
        "evals/tuned.json": '{"accuracy": 0.75, "accuracy_stderr": 0.04}',
    }
    assert isclose(collect(files, BASE, TUNED).values["evaluation.gain_low"], 0.25 - 1.959963984540054 * 0.05)


def test_results_without_a_metric_in_common_cannot_be_compared(collect):
    told = collect({"evals/base.json": '{"accuracy": 0.5}', "evals/tuned.json": '{"f1": 0.7}'}, BASE, TUNED)
    assert told.values["evaluation.comparable"] is False
    assert told.unavailable["evaluation.gain"] == "the results share no metric"
    assert [item["score"] for item in told.tried] == [0.5, 0.7]
    # Of a file and of a harness the same metric may go by two names.
    told = collect({"evals/base.json": '{"style": 0.5}', "evals/tuned.json": FILES["evals/tuned.json"]}, BASE, TUNED)
    assert "evaluation.comparable" not in told.values


def test_the_metric_that_is_named_is_the_one(collect):
    files = {
        "evals/base.json": '{"accuracy": 0.5, "style": 0.1}',
        "evals/tuned.json": write_lm_eval(0.6),
    }
    told = collect(files, BASE, {**TUNED, "metric": "style"})
    assert (told.values["evaluation.baseline"], told.values["evaluation.tuned"]) == (0.1, 0.6)
    assert [item["metric"] for item in told.tried] == ["style", "style"]


def test_a_metric_that_is_not_there_is_said(collect):
    told = collect(FILES, BASE, {**TUNED, "metric": "bleu"})
    assert told.problems == [
        ("warning", "ml-manifest.yaml:11:5: `evals/tuned.json` holds no metric `bleu`, or several of that name")
    ]
    assert told.unavailable["evaluation.tuned"] == told.problems[0][1].partition(": ")[2]
    assert told.evidence.problems[0].remedy == "write one of tone/style"


def test_one_file_may_stand_for_several_entries(collect):
    both = '{"accuracy": 0.5, "style": 0.1}'
    told = collect(
        {"evals/base.json": both, "evals/tuned.json": both.replace("0.1", "0.9")},
        {**BASE, "metric": "accuracy"},
        {**BASE, "metric": "style"},
        {**TUNED, "metric": "style"},
    )
    assert (told.values["evaluation.baseline"], told.values["evaluation.tuned"]) == (0.1, 0.9)
    assert [(item["metric"], item["score"]) for item in told.tried] == [("accuracy", 0.5), ("style", 0.9)]


def test_a_missing_file_leaves_the_best_unknown(collect):
    told = collect({name: text for name, text in FILES.items() if "prompt" not in name}, BASE, PROMPT, TUNED)
    assert told.values["evaluation.tuned"] == 0.87
    assert "evaluation.baseline" not in told.values
    assert told.unavailable["evaluation.baseline"] == "`evals/prompt.json` does not exist"
    assert not told.values["evaluation.metrics"].complete
    # It is said where the manifest is loaded.
    assert told.problems == []
    assert told.found == {"evals/base.json": True, "evals/prompt.json": False, "evals/tuned.json": True}
    assert "tried" not in told.unavailable


@pytest.mark.parametrize(
    "content", ["<html>", '{"a": NaN}', "{}", "[]", b"\xff", "", '{"results": [], "versions": {}}']
)
def test_a_broken_file_is_an_error_in_that_file(collect, content):
    told = collect({**FILES, "evals/prompt.json": content}, BASE, PROMPT, TUNED)
    ((level, text),) = told.problems
    assert level == "error"
    assert text.startswith("evals/prompt.json:1:")
    assert told.unavailable["evaluation.baseline"] == "`evals/prompt.json` holds no evaluation results that can be read"
    assert [item["score"] for item in told.tried] == [0.41, 0.87]
    # The file is there; whether it will hold a result once it is mended cannot be told.
    assert told.found == {"evals/base.json": True, "evals/tuned.json": True}
    assert told.unavailable["tried"] == told.unavailable["evaluation.baseline"]


def test_what_is_no_file_in_the_repository_is_refused(collect, plant, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "results.json"
    outside.write_text(FILES["evals/base.json"])
    root = plant(FILES)
    (root / "evals" / "link.json").symlink_to(outside)
    os.mkfifo(root / "evals" / "pipe.json")
    named = ("evals/link.json", "evals/pipe.json", "evals", "../x.json", str(outside), "a\0b")
    told = collect({}, *({"approach": "rag", "results": path} for path in named), TUNED)
    assert [level for level, _ in told.problems] == ["error"] * len(named)
    assert [text.partition(":")[0] for _, text in told.problems] == ["ml-manifest.yaml"] * len(named)
    assert told.tried == [{"results": "evals/tuned.json", "metric": "tone/style", "score": 0.87, "few_shot": 0}]
    assert told.found == {"evals/tuned.json": True}


@pytest.mark.parametrize("path", ["evals/gone.json", "gone/base.json", "evals/base.json/more", "evals/dangling.json"])
def test_what_is_not_there_is_not_found(collect, plant, path):
    (plant(FILES) / "evals" / "dangling.json").symlink_to("gone.json")
    told = collect({}, {"approach": "rag", "results": path}, TUNED)
    assert told.found == {path: False, "evals/tuned.json": True}
    assert "tried" not in told.unavailable


def test_what_nobody_may_look_at_may_be_there(collect, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as context:
        context.setattr(os, "stat", refuse)
        told = collect({}, {"approach": "rag", "results": "locked/base.json"}, approach="rag")
    assert told.found == {}
    assert told.problems == [("warning", "ml-manifest.yaml:10:5: `locked/base.json` may not be read")]
    assert told.unavailable["tried"] == "`locked/base.json` may not be read"


def test_a_file_of_several_entries_is_found_for_the_first(collect):
    told = collect(FILES, PROMPT, {**PROMPT, "approach": "few-shot"})
    assert told.found == {"evals/prompt.json": True}
    reason = "several entries name `evals/prompt.json`, and what it holds is told of the first of them"
    assert told.unavailable["tried"] == reason


def test_a_pointer_says_that_the_results_are_not_fetched(collect):
    told = collect({**FILES, "evals/base.json": "version https://git-lfs.github.com/spec/v1\n"}, BASE, TUNED)
    assert told.unavailable["evaluation.baseline"].endswith("the results themselves are not fetched")
    assert told.problems == []
    # Whoever committed it had the file.
    assert told.found["evals/base.json"] is True


def test_a_file_that_may_not_be_read_is_said(collect, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    told = collect(FILES, TUNED)
    assert told.problems == [("warning", "ml-manifest.yaml:10:5: `evals/tuned.json` may not be read")]


def test_each_file_is_read_once(plant, monkeypatch):
    read: list[str] = []
    once = entries._read_once

    def count(real, path):
        read.append(path)
        return once(real, path)

    monkeypatch.setattr(entries, "_read_once", count)
    project = Project(str(plant(FILES)), "", (declare(BASE, PROMPT, TUNED),))
    collector = EvaluationResults({})
    assert collector.collect(project) == collector.collect(project)
    assert read == ["evals/base.json", "evals/prompt.json", "evals/tuned.json"]


def test_a_file_by_two_names_has_its_samples_beside_each(collect, plant):
    root = plant(FILES)
    (root / "evals" / "copy.json").symlink_to("prompt.json")
    told = collect({}, PROMPT, {**BASE, "results": "evals/copy.json"}, TUNED)
    assert [item["results"] for item in told.tried] == ["evals/prompt.json", "evals/copy.json", "evals/tuned.json"]


def test_runs_and_files_are_compared(collect, server):
    server.answers["3f1c"] = Answer(write_run("3f1c", {"accuracy": 0.75, "accuracy_stderr": 0.04}))
    environment = {"MLFLOW_TRACKING_URI": server.address}
    tuned = {"approach": "fine-tuning", "run": "mlflow:/runs/3f1c"}
    files = {"evals/base.json": '{"accuracy": 0.5, "accuracy_stderr": 0.03}'}
    told = collect(files, BASE, tuned, environment=environment)
    assert told.tried[1] == {"run": "mlflow:/runs/3f1c", "metric": "accuracy", "score": 0.75}
    assert isclose(told.values["evaluation.gain_low"], 0.25 - 1.959963984540054 * 0.05)
    assert {fact.path: fact.source for fact in told.evidence.facts}["evaluation.tuned"] == "runs"
    missing = collect(files, BASE, {**tuned, "run": "mlflow:/runs/none"}, environment=environment)
    assert missing.problems == [("warning", "ml-manifest.yaml:11:5: the MLflow server has no run `none`")]
    assert missing.found == {"evals/base.json": True, "mlflow:/runs/none": False}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(write_run("3f1c", {"a": 1})), True),
        (Answer(status=404), False),
        (Answer(write_run("3f1c", {"a": 1}, info={"lifecycle_stage": "deleted"})), False),
        (Answer(write_run("3f1c", {"a": 1}, info={"status": "FAILED"})), False),
        (Answer(write_run("3f1c", {"a": 1}, info={"status": "RUNNING"})), None),
        (Answer(write_run("3f1c", {})), None),
        (Answer({}), None),
        (Answer(b"<html>"), None),
        (Answer({}, 500), None),
        (Answer({}, 403), None),
        (Answer(status=302, Location="http://127.0.0.1:1/"), None),
    ],
)
def test_whether_there_is_a_run_is_told_only_by_a_server_that_tells_it(collect, server, answer, found):
    server.answers["3f1c"] = answer
    run = {"approach": "prompt-engineering", "run": "mlflow:/runs/3f1c"}
    told = collect({}, run, environment={"MLFLOW_TRACKING_URI": server.address})
    assert told.found == ({} if found is None else {"mlflow:/runs/3f1c": found})
    assert ("tried" in told.unavailable) is (found is None)


@pytest.mark.parametrize(("digest", "comparable"), [("c247459b", None), ("d313db51", False)])
def test_other_data_of_a_run_cannot_be_compared_and_the_same_proves_nothing(collect, server, digest, comparable):
    server.answers["base"] = Answer(write_run("base", {"acc": 0.5}, datasets=[("test", "c247459b", "evaluation")]))
    server.answers["tuned"] = Answer(write_run("tuned", {"acc": 0.7}, datasets=[("test", digest, "evaluation")]))
    entries = [{"approach": name, "run": f"mlflow:/runs/{run}"} for name, run in (("rag", "base"), ("hybrid", "tuned"))]
    told = collect({}, *entries, environment={"MLFLOW_TRACKING_URI": server.address})
    assert told.values.get("evaluation.comparable") is comparable


def test_without_a_tracking_server_a_run_is_there_by_the_manifests_word_and_nothing_is_wrong(collect):
    told = collect(FILES, BASE, {"approach": "rag", "run": "mlflow:/runs/3f1c"}, TUNED)
    assert told.unavailable["evaluation.baseline"] == "MLFLOW_TRACKING_URI is not set, so no run is looked up"
    assert told.problems == []
    assert [item["results"] for item in told.tried] == ["evals/base.json", "evals/tuned.json"]
    run, found = ("mlflow:/runs/3f1c", "declared"), (True, "declared")
    assert told.claimed == [{"run": run, "result_found": found}]
    assert "tried" not in told.unavailable


def test_a_manifest_names_no_server(collect, server):
    server.answers["3f1c"] = Answer(write_run("3f1c", {"accuracy": 0.75}))
    told = collect({}, {"approach": "fine-tuning", "run": f"{server.address}/runs/3f1c"})
    assert isinstance(told, Told)
    assert (told.tried, server.asked) == ([], [])
