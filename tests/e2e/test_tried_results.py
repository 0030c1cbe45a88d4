"""Results that a manifest names under `tried`: they count where they are there, and not by their names."""

from __future__ import annotations

import json

import pytest

from tests.evidence.results.building import Answer, write_lm_eval, write_run
from tests.evidence.results.conftest import server  # noqa: F401 - the fixture

MANIFEST = "manifest: 1\nproject: bad\napproach: fine-tuning\ntried:\n"
RUN = 'run: "mlflow:/runs/3f1c"'
FILE = "results: evals/prompt.json"
SCORED = "score: 0.7"


@pytest.fixture
def judge(plant, policy):
    """The outcome of a policy, and the result of the call that told it."""

    def run(files, environment=None, name="prompting-first", gate="check"):
        plant(files)
        result = policy(
            "check", "--gate", gate, "--output", "json", env={"MLFLOW_TRACKING_URI": "", **(environment or {})}
        )
        report = json.loads(result.out)
        (decision,) = report["decisions"]
        (outcome,) = (outcome for outcome in decision["outcomes"] if outcome["policy"] == name)
        return outcome, {**decision, "warnings": report["warnings"], "errors": report["errors"]}, result

    return run


def write_manifest(*told: str) -> str:
    return MANIFEST + "".join(f"  - {{approach: prompt-engineering, {one}}}\n" for one in told)


def get_settling(decision, name="prompting-first"):
    return next(entry["settle"] for entry in decision["not_assessed"] if entry["policy"] == name)


def test_results_that_are_there_count(judge):
    files = {"ml-manifest.yaml": write_manifest(FILE), "evals/prompt.json": '{"accuracy": 0.7}'}
    outcome, decision, result = judge(files)
    assert (outcome["outcome"], decision["warnings"], result.err) == ("pass", [], "")


def test_a_file_that_does_not_exist_does_not_count(judge, policy):
    outcome, decision, result = judge({"ml-manifest.yaml": write_manifest(FILE)})
    assert (outcome["outcome"], outcome["effect"], result.code) == ("fail", "block", 1)
    assert "and its result_found is true" in outcome["message"]
    (warning,) = decision["warnings"]
    assert warning["message"] == "`tried[].results` names `evals/prompt.json`, which does not exist"
    assert warning["remedy"] == "correct the path, add the file, or state the entry's `score`"
    assert (warning["location"]["line"], warning["location"]["column"]) == (5, 45)
    shown = policy("check", env={"MLFLOW_TRACKING_URI": ""})
    assert "block[prompting-first]: tried holds 1 entry (observed), but none where" in shown.out
    assert shown.headlines == [f"warning: ml-manifest.yaml:5:45: {warning['message']}"]
    assert shown.code == 1


def test_another_entry_that_is_there_counts(judge):
    missing = "results: evals/gone.json"
    outcome, _, _ = judge({"ml-manifest.yaml": write_manifest(missing, FILE), "evals/prompt.json": '{"accuracy": 0.7}'})
    assert outcome["outcome"] == "pass"


@pytest.mark.parametrize("named", [FILE, RUN])
def test_a_score_that_is_stated_counts_beside_what_is_missing(named, judge):
    outcome, _, _ = judge({"ml-manifest.yaml": write_manifest(f"{named}, {SCORED}")})
    assert outcome["outcome"] == "pass"


@pytest.mark.parametrize("content", ["", "{", "\0", "[]", '{"accuracy": 1e999}', b"\xff\xfe{\0}\0", "[" * 100_000])
def test_a_broken_file_is_an_error_and_leaves_it_open(content, judge):
    outcome, decision, result = judge({"ml-manifest.yaml": write_manifest(FILE), "evals/prompt.json": content})
    assert (outcome["outcome"], outcome["effect"], result.code) == ("unknown", "block", 2)
    (error,) = decision["errors"]
    assert error["location"]["file"] == "evals/prompt.json"
    assert "`evals/prompt.json` holds no evaluation results that can be read" in get_settling(decision)


ANSWERS = {
    "an error": (Answer(b"", 500), "it answers with the error 500"),
    "a redirect": (
        Answer(b"", 302, Location="http://127.0.0.1:1/elsewhere"),
        "it sends on to another address, which is not followed",
    ),
    "what is not JSON": (Answer(b"<html>"), "JSON"),
    "nothing": (None, "it did not answer within"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_server_that_tells_nothing_leaves_it_open(name, judge, server):  # noqa: F811
    answer, reason = ANSWERS[name]
    server.answers["3f1c"] = answer
    environment = {"MLFLOW_TRACKING_URI": server.address, "NO_PROXY": "127.0.0.1"}
    outcome, decision, result = judge({"ml-manifest.yaml": write_manifest(RUN)}, environment)
    assert (outcome["outcome"], outcome["effect"], result.code) == ("unknown", "block", 1)
    assert reason in get_settling(decision)
    (warning,) = decision["warnings"]
    assert warning["message"].startswith("the MLflow server of MLFLOW_TRACKING_URI tells no run: ")
    assert warning["location"]["line"] == 5


@pytest.mark.parametrize("run", [RUN, "run: https://tracker.example.com/runs/7"])
def test_a_run_that_nobody_can_be_asked_about_counts_by_the_manifests_word(run, judge):
    outcome, decision, _ = judge({"ml-manifest.yaml": write_manifest(run)})
    assert (outcome["outcome"], decision["warnings"]) == ("pass", [])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(Answer(write_run("3f1c", {"accuracy": 0.7})), "pass"), (Answer(status=404), "fail")],
)
def test_a_run_counts_where_the_server_has_it(answer, expected, judge, server):  # noqa: F811
    server.answers["3f1c"] = answer
    environment = {"MLFLOW_TRACKING_URI": server.address, "NO_PROXY": "127.0.0.1"}
    outcome, _, _ = judge({"ml-manifest.yaml": write_manifest(RUN)}, environment)
    assert outcome["outcome"] == expected


@pytest.mark.parametrize(("tuned", "expected"), [(5.0, "pass"), (9.5, "fail")])
def test_where_less_is_better_the_lower_value_wins(tuned, expected, judge):
    results = {"base-model": 9.0, "prompt-engineering": 7.0, "fine-tuning": tuned}
    entries = "".join(f"  - {{approach: {name}, results: evals/{name}.json}}\n" for name in results)
    files = {
        f"evals/{name}.json": write_lm_eval(value, 0.3, metric="perplexity", higher=False)
        for name, value in results.items()
    }
    outcome, decision, _ = judge(
        {"ml-manifest.yaml": MANIFEST + entries, **files}, name="beats-baseline", gate="release"
    )
    assert outcome["outcome"] == expected
    # Tuned less baseline would be the wrong way round, so no contradiction may come of it.
    assert decision["contradictions"] == []
    if expected == "fail":
        because = [reason for reason in outcome["because"] if reason["result"] == "false"]
        found = {reason["field"]: float(reason["actual"]) for reason in because}
        assert found["evaluation.gain"] == -2.5
        assert found["evaluation.gain_low"] < -2.5
