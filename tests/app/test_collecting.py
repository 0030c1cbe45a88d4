"""Collectors within their limits: the built-in ones, which look at the clock, and those of plugins, which are ended."""

from __future__ import annotations

import os
import pickle
import subprocess
from datetime import UTC, datetime

import pytest

from policy.app.checking import Check, CheckRequest, exit_code
from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.errors import Location
from policy.loading.discovery import discover
from policy.model.fact import ABSENT, Fact, Members
from policy.plugins import metering
from policy.plugins.contracts import DatasetReference, Project

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROW = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n'
MANIFEST = """\
manifest: 1
project: reply-tone
approach: fine-tuning
data: {sources: [{path: train.jsonl}, {path: eval.jsonl, split: validation}]}
training: {tool: openai}
tried: [{approach: few-shot, results: results.json}]
"""
FILES = {
    "ml-manifest.yaml": MANIFEST,
    "train.jsonl": ROW * 20,
    "eval.jsonl": ROW,
    "results.json": '{"accuracy": 0.9}',
}
OBSERVED = {
    "data files": ("data.rows", "data.tokens", "data.duplicate_rate"),
    "data scan": ("data.secrets", "data.personal_data"),
    "job file": ("training.job_file_valid",),
    "evaluation results": ("tried", "evaluation.metrics"),
}


SERVER = "https://mlflow.acme.example"


def write_set(rest=""):
    return f"policy_set: 1\npolicies: ['catalogue:fine-tuning']\n{rest}"


class Steps:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def slow(monkeypatch):
    """Every look at the clock takes a second."""
    monkeypatch.setattr(metering, "monotonic", Steps())


def test_in_time_everything_is_known(study):
    (facts,), problems = study({**FILES, "policy.yaml": write_set()})
    assert facts.values["data.rows"] == 20
    assert [problem for problem in problems if "took longer" in problem.message] == []


@pytest.mark.usefixtures("slow")
def test_what_takes_too_long_leaves_everything_of_its_collector_unknown(study):
    (facts,), problems = study({**FILES, "policy.yaml": write_set("evidence: {time_limit: 500ms}\n")})
    assert facts.values["project"] == "reply-tone"
    said = {name: explain(name) for name in OBSERVED}
    for name, paths in OBSERVED.items():
        assert [facts.unavailable[path] for path in paths] == [said[name]] * len(paths)
        assert not any(fact.origin == "observed" for fact in facts.claims if fact.path in paths)
    warnings = [problem for problem in problems if "took longer" in problem.message]
    assert {problem.message for problem in warnings} >= set(said.values())
    assert all(problem.level == "warning" and problem.remedy for problem in warnings)


def explain(name, limit="500ms"):
    limit = f"{limit}; `evidence: {{time_limit: …}}` in the policy set raises the limit"
    return f"the collector {name} took longer than {limit}"


@pytest.mark.usefixtures("slow")
def test_the_time_counts_for_each_collector_anew(study):
    # To count repeated rows, the clock is looked at hundreds of times; the others look a few times.
    (facts,), problems = study({**FILES, "policy.yaml": write_set("evidence: {time_limit: 100s}\n")})
    (problem,) = (problem for problem in problems if "took longer" in problem.message)
    assert problem.message == explain("data files", "100s")
    assert facts.unavailable["data.rows"] == problem.message
    assert facts.values["data.secrets"] == 0
    assert facts.values["evaluation.metrics"] == Members(("accuracy",), complete=True)


def test_a_file_that_is_too_large_is_not_read_and_the_others_are(study):
    size = len(FILES["train.jsonl"])
    (facts,), problems = study({**FILES, "policy.yaml": write_set(f"evidence: {{size_limit: {size - 1} B}}\n")})
    limit = f"{size - 1:,} B; `evidence: {{size_limit: …}}` in the policy set raises the limit"
    reason = f"`train.jsonl` cannot be read: it is larger than {limit}"
    for path in ("data.rows", "data.tokens", "training.job_file_valid"):
        assert facts.unavailable[path] == reason
    assert facts.unavailable["data.secrets"].startswith(reason)
    assert facts.values["evaluation.metrics"] == Members(("accuracy",), complete=True)
    assert [problem.message for problem in problems if problem.level == "error"] == []


@pytest.mark.usefixtures("slow")
def test_a_check_that_takes_too_long_is_no_pass(plant):
    rule = "title: Clean\nseverity: high\nrequire: {data.secrets: 0}\neffect: block\non_unknown: block\n"
    plant({**FILES, "policies/x/clean.yaml": f"policy: clean\n{rule}"})
    plant({"policy.yaml": "policy_set: 1\npolicies: [policies]\nevidence: {time_limit: 1ms}\n"})
    check = Check(CheckRequest((".",), "check", NOW))
    assert [rendered.verdict for rendered in check.run()] == ["block"]
    assert exit_code(check.summary, check.problems, "block") == 1
    assert {problem.level for problem in check.problems} == {"warning"}


# Collectors of plugins

HOUSE = """
    import ctypes, os, sys, threading, time
    seen = []
    class Odd(str): pass
    class House:
        name = "house"
        observes = ("evaluation.metrics",)
        def collect(self, project):
            seen.append(project.folder)
            {}
    class Other:
        name = "other"
        observes = ("data.rows",)
        def collect(self, project):
            return Evidence((Fact("data.rows", os.getpid(), "observed"),))
    @hookimpl
    def collectors(): return [House(), Other()]
"""
WELL = "return Evidence((Fact('evaluation.metrics', Members(('well', *seen), True), 'observed'),))"
PROJECTS = {f"{name}/ml-manifest.yaml": f"manifest: 1\nproject: {name}\n" for name in ("a", "b", "c")}


@pytest.fixture
def observe(plant, plugin):
    """What is known of the projects a, b and c, with a plugin whose first collector has this body."""

    def run(body, rest=""):
        plugin(HOUSE.format(body))
        root = str(plant({**PROJECTS, "policy.yaml": write_set(f"plugins: [house]\n{rest}")}))
        workspace = open_workspace(root)
        (found,) = discover(["."])
        built = [build_subjects(workspace, item) for item in found.items]
        facts = {facts.values["project"]: facts for part in built for facts in part.facts}
        return facts, [problem for part in built for problem in part.problems]

    return run


def test_they_share_one_process_which_is_not_this_one(observe):
    facts, problems = observe(WELL)
    assert problems == []
    assert [list_seen(facts[name]) for name in "abc"] == [{"a"}, {"a", "b"}, {"a", "b", "c"}]
    (process,) = {facts[name].values["data.rows"] for name in "abc"}
    assert process != os.getpid()


def list_seen(facts):
    """The projects that the process had seen so far."""
    return set(facts.values["evaluation.metrics"].items) - {"well"}


CRASHES = {
    "ends its process": ("os._exit(0)", "its process ended without an answer"),
    "is killed": ("os.kill(os.getpid(), 9)", "its process ended without an answer (signal 9)"),
    "reads what is not there": ("ctypes.string_at(0)", "its process ended without an answer (signal 11)"),
    "exits": ("sys.exit(0)", "SystemExit in house.py, line 13"),
    "interrupts itself": ("raise KeyboardInterrupt", "KeyboardInterrupt in house.py, line 13"),
    "wants too much memory": ("bytearray(10 << 30)", "MemoryError in house.py, line 13"),
    "raises": ("raise ValueError('s3cr3t')", "ValueError in house.py, line 13"),
    "returns a function": ("return Evidence(lambda: 1)", None),
    "returns a lock": ("return Evidence((Fact('evaluation.metrics', threading.Lock()),))", None),
    "returns what is its own": (
        "return Evidence((Fact('evaluation.metrics', Members((Odd('s3cr3t'),), True)),))",
        "its evidence holds a house.Odd",
    ),
    "returns a fact of which a part is no text": (
        "return Evidence((Fact('evaluation.metrics', Members(('a',), True), 'observed', 7),))",
        "a fact is not one: Fact, with a part of another type",
    ),
    "returns a reason that is no text": (
        "return Evidence((), (), {'evaluation.metrics': 7})",
        "its reason for `evaluation.metrics` is a int, no text",
    ),
    "returns a reason about what is not its own": (
        "return Evidence((), (), {'data.secrets': 's'})",
        "it says why 'data.secrets' could not be had, which is not among what it observes",
    ),
    "returns too much": (
        "return Evidence((Fact('evaluation.metrics', Members(('x' * (65 << 20),), True)),))",
        "its process ended without an answer (signal 9)",
    ),
}


@pytest.mark.parametrize("case", CRASHES)
def test_one_that_breaks_is_said_and_the_next_subject_is_not_touched(observe, case):
    body, fault = CRASHES[case]
    if "10 << 30" in body:
        pytest.importorskip("resource", reason="no limits of this kind on this system")
    facts, problems = observe(f"if project.folder == 'b':\n                {body}\n            {WELL}")
    (problem,) = problems
    assert problem.level == "warning"
    assert problem.message.startswith(f"the collector house failed: {fault or ''}")
    assert "s3cr3t" not in problem.message
    assert facts["b"].unavailable["evaluation.metrics"] == problem.message
    assert "evaluation.metrics" not in facts["b"].values
    for name in "ac":
        assert "well" in facts[name].values["evaluation.metrics"].items
    # Nor is the other collector, whose process may be a new one.
    assert all("data.rows" in facts[name].values for name in "abc")


def test_one_that_only_raises_keeps_its_process(observe):
    facts, _ = observe("raise ValueError")
    assert len({facts[name].values["data.rows"] for name in "abc"}) == 1


@pytest.mark.parametrize("body", ["while True: pass", "time.sleep(10_000)", "os.fork(); time.sleep(10_000)"])
def test_one_that_hangs_is_ended_and_the_next_subject_gets_a_new_process(observe, monkeypatch, body):
    # However busy the machine is, only b has no time at all.
    real = metering.Meter.limit_seconds
    folders: list[int] = []

    def limit(meter, most=float("inf")):
        folders.append(len(folders))
        return 0.2 if folders[-1] == 2 else real(meter, most)

    monkeypatch.setattr(metering.Meter, "limit_seconds", limit)
    facts, (problem,) = observe(
        f"if project.folder == 'b':\n                {body}\n            {WELL}", "evidence: {time_limit: 5min}\n"
    )
    limit_said = "5min; `evidence: {time_limit: …}` in the policy set raises the limit"
    assert problem.message == f"the collector house took longer than {limit_said}"
    assert facts["b"].unavailable["evaluation.metrics"] == problem.message
    assert list_seen(facts["a"]) == {"a"}
    # A new process has seen nothing of what came before.
    assert list_seen(facts["c"]) == {"c"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked on this system")
def test_a_child_that_goes_on_answers_for_nobody(observe):
    facts, problems = observe(f"os.fork()\n            {WELL}")
    assert problems == []
    # A second answer would be taken for that about the next subject.
    assert [list_seen(facts[name]) for name in "abc"] == [{"a"}, {"a", "b"}, {"a", "b", "c"}]


def test_what_they_print_gets_into_no_report(observe, capfd):
    facts, problems = observe(f"print('garbage'); os.write(1, b'more'); os.system('echo echoed')\n            {WELL}")
    assert problems == []
    assert "well" in facts["a"].values["evaluation.metrics"].items
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("garbage") == err.count("more") == err.count("echoed") == 3


def test_a_process_that_cannot_be_started_is_said(observe, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    facts, problems = observe(WELL)
    assert {problem.message for problem in problems} == {
        f"the collector {name} failed: its process cannot be started: No such file or directory"
        for name in ("house", "other")
    }
    assert len(facts) == 3


def test_without_a_collector_of_a_plugin_no_process_is_started(plant, plugin, monkeypatch):
    monkeypatch.setattr("policy.plugins.interpreter.start_interpreter", None)
    monkeypatch.setattr("policy.plugins.worker.start_interpreter", None)
    plugin("@hookimpl\ndef policy_sources(): return []\n")
    plant({**FILES, "policy.yaml": write_set("plugins: [house]\n")})
    assert [rendered.verdict for rendered in Check(CheckRequest((".",), "check", NOW)).run()]


# Two processes are only started where there is more than one part of the work.
@pytest.mark.parametrize(("jobs", "count"), [(1, 5), (2, 60)])
def test_a_check_with_one_that_breaks_ends_as_without_it(plant, plugin, jobs, count):
    plugin(HOUSE.format("os._exit(0)"))
    plant({f"p{n}/ml-manifest.yaml": f"manifest: 1\nproject: p{n}\n" for n in range(count)})
    plant({"policy.yaml": write_set("plugins: [house]\n")})
    check = Check(CheckRequest((".",), "check", NOW, jobs=jobs))
    assert len(list(check.run())) == count
    (problem,) = check.problems
    assert problem.message == "the collector house failed: its process ended without an answer"
    assert exit_code(check.summary, check.problems, "block") != 2


def test_what_a_collector_is_given_can_be_sent(study, plant, plugin):
    plugin(HOUSE.format("return Evidence((Fact('evaluation.metrics', Members((repr(project),), True), 'observed'),))"))
    config = "base_model: org/model\ndatasets:\n  - {path: train.jsonl, type: alpaca}\n"
    text = f"{MANIFEST}budget: {{per_run: 200 USD}}\nmodel: {{retires: 2027-01-01}}\n"
    files = {**FILES, "ml-manifest.yaml": text, "a.yaml": config}
    subprocess.run(["git", "init", "--quiet"], cwd=plant({}), check=True)
    rest = f"plugins: [house]\nevidence: {{mlflow: {SERVER}}}\n"
    (facts,), problems = study({**files, "policy.yaml": write_set(rest)})
    assert [problem for problem in problems if "failed" in problem.message] == []
    assert "history=None" not in str(facts.values["evaluation.metrics"])
    (shown,) = (item for item in facts.values["evaluation.metrics"].items if item.startswith("Project("))
    for part in (
        "Project(root=",
        "DatasetReference(",
        "Money(",
        "datetime.date(2027, 1, 1)",
        "told=(Fact(",
        "history=",
        SERVER,
    ):
        assert part in shown


def test_a_project_is_the_same_after_it_was_sent():
    fact = Fact("data.sources", Members(({"path": Fact("path", ABSENT)},), complete=True))
    reference = DatasetReference("a", None, "train", Location("a.yaml"))
    project = Project("/root", "p", (fact,), (reference,), (fact,), tracking_server="https://mlflow.example")
    sent = pickle.loads(pickle.dumps(project))
    assert sent == project
    assert sent.declared[0].value.items[0]["path"].value is ABSENT
