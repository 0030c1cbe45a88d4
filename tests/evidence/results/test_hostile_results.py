"""Whatever results files and servers say: facts that fit the schema, or a problem, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.results.collector import EvaluationResults
from policy.evidence.results.mlflow_runs import read_answer
from policy.evidence.results.mlflow_server import NoRunError
from policy.evidence.value_kinds import find_misfit
from policy.model.canonical import digest
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.plugins.contracts import Project
from tests.evidence.results.building import declare

NAMES = st.sampled_from(
    ("tone", "acc", "acc_stderr", "acc,none", "acc_stderr,none", "loss", "\ud800", "", "<b>", "key")
)
NUMBERS = st.sampled_from((0, 1, 0.5, -1, 1e308, -1e308, 5e-324, 2**60, 10**400))
LEAVES = st.one_of(NUMBERS, NAMES, st.booleans(), st.none())
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)
TASKS = st.dictionaries(NAMES, st.dictionaries(NAMES, NUMBERS | NAMES, min_size=1, max_size=4), min_size=1, max_size=2)
PARTS = ("n-shot", "n-samples", "higher_is_better", "task_hashes", "group_subtasks")
LM_EVAL = st.fixed_dictionaries({"results": TASKS, "versions": VALUES}, optional=dict.fromkeys(PARTS, VALUES))
FILES = st.one_of(VALUES, LM_EVAL, st.dictionaries(NAMES, LEAVES, max_size=4))
APPROACHES = ("base-model", "rag", "hybrid", "fine-tuning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@given(st.lists(st.tuples(st.sampled_from(APPROACHES), FILES, FILES), min_size=1, max_size=3))
def test_whatever_files_hold_is_facts_or_problems(folder, found):
    entries = []
    for number, (approach, results, samples) in enumerate(found):
        (folder / f"r{number}.json").write_text(json.dumps(results))
        (folder / f"samples_tone_r{number}.jsonl").write_text(json.dumps(samples))
        entries.append({"approach": approach, "results": f"r{number}.json"})
    declared = declare(*entries)
    evidence = EvaluationResults({}).collect(Project(str(folder), "", (Fact("approach", "hybrid"), declared)))
    assert find_misfit(evidence.facts, evidence.problems, SCHEMA) == ""
    assert set(evidence.unavailable) | {fact.path for fact in evidence.facts} <= set(EvaluationResults.observes)
    # Of some entries it is told whether their results are there, while of others it is not.
    assert set(evidence.unavailable) & {fact.path for fact in evidence.facts} <= {"tried"}
    facts = Facts((declared, *evidence.facts), SCHEMA, unavailable=evidence.unavailable)
    # What decides must be text that can be written down.
    assert digest([sorted(facts.unavailable.items()), [str(problem) for problem in evidence.problems]])
    assert len(facts.values["tried"].items) == len(entries)


PAIRS = st.lists(st.fixed_dictionaries({"key": VALUES, "value": VALUES}) | LEAVES, max_size=3)
RUNS = st.fixed_dictionaries(
    {
        "info": st.just({"run_id": "3f1c", "status": "FINISHED"}) | VALUES,
        "data": st.fixed_dictionaries({"metrics": PAIRS, "params": PAIRS | VALUES}) | VALUES,
        "inputs": st.fixed_dictionaries({"dataset_inputs": st.lists(VALUES, max_size=2)}) | VALUES,
    }
)


@given(st.fixed_dictionaries({"run": RUNS}) | VALUES)
def test_whatever_a_server_answers_is_a_run_or_none(answer):
    try:
        result = read_answer(answer, "3f1c", "mlflow:/runs/3f1c")
    except NoRunError as fault:
        # A reason must be text that can be written down.
        fault.reason.encode()
        return
    assert result.metrics
    assert all(name.isprintable() and abs(metric.value) < float("inf") for name, metric in result.metrics.items())
