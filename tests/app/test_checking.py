from __future__ import annotations

import itertools
import os
from collections.abc import Generator
from datetime import UTC, datetime

import pytest

from policy.app import workers
from policy.app.checking import Check, CheckRequest, exit_code
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.main import main
from policy.model.summary import Summary
from policy.plugins import interpreter
from tests.app.conftest import AXOLOTL, MANIFEST

NOW = datetime(2026, 11, 20, tzinfo=UTC)
POLICY = "policy: {0}\ntitle: A policy\nseverity: high\nrequire: {{approach: rag}}\neffect: {1}\n"
ERROR = Problem("an error", "mend it")
WARNING = Problem("a warning", "see to it", level="warning")


def request(*paths, **options):
    return CheckRequest(paths or (".",), options.pop("gate", "check"), NOW, **options)


def count(**verdicts):
    summary = Summary()
    summary.verdicts.update(verdicts)
    return summary


def write_project(name, approach):
    return f"manifest: 1\nproject: {name}\napproach: {approach}\n"


# The exit code


@pytest.mark.parametrize(
    ("verdicts", "by_block", "by_hold", "by_flag"),
    [
        ({}, 3, 3, 3),
        ({"allow": 2}, 0, 0, 0),
        ({"flag": 1}, 0, 0, 1),
        ({"hold": 1}, 4, 1, 1),
        ({"block": 1}, 1, 1, 1),
        ({"allow": 1, "flag": 1}, 0, 0, 1),
        ({"flag": 1, "hold": 1}, 4, 1, 1),
        ({"hold": 1, "block": 1}, 1, 1, 1),
        ({"allow": 1, "flag": 1, "hold": 1, "block": 1}, 1, 1, 1),
    ],
)
def test_the_exit_code_of_verdicts(verdicts, by_block, by_hold, by_flag):
    codes = [exit_code(count(**verdicts), [], fail_on) for fail_on in ("block", "hold", "flag")]
    assert codes == [by_block, by_hold, by_flag]
    assert [exit_code(count(**verdicts), [WARNING], fail_on) for fail_on in ("block", "hold", "flag")] == codes


@pytest.mark.parametrize("verdicts", [{}, {"allow": 1}, {"hold": 1}, {"block": 1}])
@pytest.mark.parametrize("fail_on", ["block", "hold", "flag"])
def test_wrong_input_comes_before_every_verdict(verdicts, fail_on):
    assert exit_code(count(**verdicts), [WARNING, ERROR], fail_on) == 2


def test_of_several_the_first_of_2_1_4_3_0_counts():
    alone = {"error": 2, "block": 1, "hold": 4, "allow": 0}
    order = [2, 1, 4, 3, 0]
    for met in itertools.product([False, True], repeat=4):
        chosen = [word for word, is_met in zip(alone, met, strict=True) if is_met]
        verdicts = {word: 1 for word in chosen if word != "error"}
        problems = [ERROR] if "error" in chosen else []
        codes = [alone[word] for word in chosen] or [3]
        assert exit_code(count(**verdicts), problems, "block") == min(codes, key=order.index)


@pytest.mark.parametrize(
    ("effect", "options", "code"),
    [
        ("block", [], 1),
        ("flag", [], 0),
        ("flag", ["--fail-on", "flag"], 1),
        ("advise", ["--fail-on", "flag"], 0),
        # Nobody waits at the terminal, so a hold flags; a run waits for its approval.
        ("hold", [], 0),
        ("hold", ["--gate", "run"], 4),
        ("hold", ["--gate", "run", "--fail-on", "hold"], 1),
    ],
)
def test_the_command_ends_with_it(plant, capsys, effect, options, code):
    files = {"policy.yaml": "policy_set: 1\npolicies: [policies]\n", "policies/a.yaml": POLICY.format("a", effect)}
    plant({**files, "ml-manifest.yaml": write_project("one", "few-shot")})
    assert main(["check", *options]) == code
    assert "one" in capsys.readouterr().out


def test_the_command_says_where_there_is_nothing(plant, capsys):
    plant({"notes.yaml": "a: 1\n"})
    assert main(["check"]) == 3
    assert "nothing to judge" in capsys.readouterr().err
    plant({"ml-manifest.yaml": "manifest: 1\n"})
    assert main(["check"]) == 2
    assert "the manifest names no project" in capsys.readouterr().err


# What is judged


@pytest.mark.parametrize(
    ("effect", "gate"), [("{ci: block}", "check"), ("{commit: flag, ci: block}", "run"), ("{release: hold}", "commit")]
)
def test_a_gate_at_which_no_policy_is_judged_is_no_pass(plant, effect, gate):
    files = {"policy.yaml": "policy_set: 1\npolicies: [policies]\n", "policies/a.yaml": POLICY.format("a", effect)}
    plant({**files, "ml-manifest.yaml": MANIFEST})
    with pytest.raises(NothingToJudgeError, match=f"no policy is judged at the gate `{gate}`"):
        Check(request(gate=gate))
    assert main(["check", "--gate", gate]) == 3


def test_an_effect_in_the_policy_set_makes_a_gate_judge(plant):
    text = "policy_set: 1\npolicies: [policies]\neffects: {a: {check: flag}}\n"
    files = {"policy.yaml": text, "policies/a.yaml": POLICY.format("a", "{ci: block}")}
    plant({**files, "ml-manifest.yaml": write_project("one", "few-shot")})
    assert [rendered.verdict for rendered in Check(request()).run()] == ["flag"]


def test_paths_in_two_repositories_are_refused(plant):
    plant({"one/.git/HEAD": "", "one/ml-manifest.yaml": MANIFEST, "two/.git/HEAD": "", "two/a.yaml": AXOLOTL})
    with pytest.raises(PolicyError, match=r"the paths lie in different repositories: .*/one and .*/two"):
        Check(request("one", "two"))


def test_a_format_that_nobody_offers_is_refused(plant):
    plant({"ml-manifest.yaml": MANIFEST})
    with pytest.raises(PolicyError, match="there is no report format `pdf`") as refusal:
        Check(request(formats=(("pdf", False),)))
    assert "json" in refusal.value.problems[0].remedy


def test_every_format_writes_every_decision(plant):
    plant({"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": MANIFEST.replace("reply", "other")})
    rendered = list(Check(request(formats=(("text", False), ("json", False)))).run())
    assert [len(item.texts) for item in rendered] == [2, 2]
    assert "reply-tone" in rendered[0].texts[0]
    assert '"other-tone"' in rendered[1].texts[1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_two_manifests_of_one_name_are_said(plant, jobs):
    project = write_project("twin", "rag")
    plant({**{f"{number}/ml-manifest.yaml": write_project(f"p{number}", "rag") for number in range(100)}})
    plant({"00/ml-manifest.yaml": project, "99/ml-manifest.yaml": project, "99/train/a.yaml": AXOLOTL})
    check = Check(request(jobs=jobs))
    assert len(list(check.run())) == 101
    (problem,) = (problem for problem in check.problems if "another manifest" in problem.message)
    assert problem.level == "warning"
    assert str(problem).splitlines() == [
        "99/ml-manifest.yaml:2:10: another manifest states the project `twin` too",
        "  help: give one of them another name: waivers and records go by it",
    ]
    assert problem.related[0][1].file == "00/ml-manifest.yaml"


def test_summary_and_problems_are_those_of_all_items(plant):
    files = {"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": "manifest: 1\n", "c/x.yaml": "base_model: [\n"}
    plant({**files, "d/ml-manifest.yaml": MANIFEST.replace("reply", "other")})
    check = Check(request())
    assert len(list(check.run())) == check.summary.subjects == 2
    assert [(problem.level, problem.location and problem.location.file) for problem in check.problems] == [
        ("error", "b/ml-manifest.yaml"),
        ("error", "c/x.yaml"),
    ]


BROKEN = """
    class Broken:
        name = "house"
        observes = ("evaluation.metrics",)
        def collect(self, project): raise ValueError
    @hookimpl
    def collectors(): return [Broken()]
"""


def plant_many(plant, number):
    """Projects of which some are blocked, some are broken, and all share a collector that breaks."""
    files = {"policy.yaml": "policy_set: 1\npolicies: [policies]\nplugins: [house]\n"}
    files |= {"policies/a.yaml": POLICY.format("a", "block"), "policies/b.yaml": POLICY.format("b", "flag")}
    for index in range(number):
        approach = ("rag", "few-shot", "nonsense")[index % 3]
        files[f"p{index:03}/ml-manifest.yaml"] = write_project(f"project-{index}", approach)
        files[f"p{index:03}/train.yaml"] = AXOLOTL if index % 5 == 0 else "a: 1\n"
    return plant(files)


def test_what_many_projects_share_is_kept_once(plant, plugin):
    plugin(BROKEN)
    plant_many(plant, 30)
    check = Check(request())
    assert len(list(check.run())) == 20
    shared = [problem for problem in check.problems if "the collector house failed" in problem.message]
    assert len(shared) == 1
    assert len(check.problems) == len(set(check.problems))


# Several processes


FORMATS = (("text", True), ("json", False))


def test_several_processes_give_the_same_as_one(plant, plugin):
    plugin(BROKEN)
    plant_many(plant, 130)
    one, two = (Check(request(formats=FORMATS, jobs=jobs)) for jobs in (1, 2))
    assert list(one.run()) == list(two.run())
    assert vars(one.summary) == vars(two.summary)
    assert one.problems == two.problems


def test_several_processes_write_the_same_bytes(plant, plugin, capfd):
    plugin(BROKEN)
    root = plant_many(plant, 130)
    said = []
    for jobs in ("1", "2"):
        code = main(["check", "--effective-time", "2026-11-20", "-o", "text", "-o", "json=report.json", "--jobs", jobs])
        said.append((code, *capfd.readouterr(), (root / "report.json").read_bytes()))
    assert said[0] == said[1]
    assert said[0][0] == 2


def test_few_projects_are_judged_in_this_process(plant, monkeypatch):
    monkeypatch.delattr(workers, "work_in_processes")
    plant({"ml-manifest.yaml": MANIFEST})
    assert len(list(Check(request(jobs=8)).run())) == 1


def test_the_working_folder_cannot_slip_code_into_the_processes(plant, plugin):
    plugin(BROKEN)
    plant_many(plant, 110)
    plant({f"{name}.py": "raise SystemExit('hijacked')\n" for name in ("multiprocessing", "pickle", "json", "house")})
    assert len(list(Check(request(jobs=2)).run())) == 74


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("raise ValueError", PolicyError, "plugin `house`: `collectors` failed: ValueError in house.py, line "),
        ("os._exit(0)", PolicyError, "a process that judges a part of the work ended before it was done"),
    ],
)
def test_a_process_that_breaks_is_an_error(plant, plugin, body, error, message):
    # Only there, so that this process gets to start it.
    plugin(
        f"import os\nHERE = {os.getpid()}\n@hookimpl\n"
        f"def collectors():\n    if os.getpid() == HERE: return []\n    {body}\n"
    )
    plant_many(plant, 110)
    with pytest.raises(error, match=message):
        list(Check(request(jobs=2)).run())


def test_a_bug_in_a_process_is_said_by_this_one(plant, plugin):
    # Only there: the plugin puts the bug in.
    plugin(
        "import os\nimport policy.app.bench as bench\n"
        "def broken(*_, **__): raise LookupError('here')\n"
        f"if os.getpid() != {os.getpid()}: bench.judge = broken\n"
        "@hookimpl\ndef collectors(): return []\n"
    )
    plant_many(plant, 110)
    with pytest.raises(RuntimeError, match=r"in a worker: LookupError in house\.py, line 5: here"):
        list(Check(request(jobs=2)).run())


REPORTER = """
    class House:
        name, separator, worst_first = "house", "", False
        def start(self, context): {start}
        def report_decision(self, decision, context): {decision}
        def finish(self, summary, problems, context): {finish}
    @hookimpl
    def reporters(): return {{"house": {maker}}}
"""
WORKING = {"start": "return ''", "decision": "return 'one'", "finish": "return ''", "maker": "House"}


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"start": "raise ValueError('s3cr3t')"}, "ValueError in house.py, line 6"),
        ({"decision": "raise ValueError('s3cr3t')"}, "ValueError in house.py, line 7"),
        ({"finish": "raise SystemExit(0)"}, "SystemExit in house.py, line 8"),
        ({"decision": "return None"}, "`report_decision` gives a NoneType, not text"),
        ({"maker": "lambda: 5"}, "int has no function `start`"),
        ({"maker": "lambda: 1 / 0"}, "ZeroDivisionError in house.py, line 10"),
    ],
)
def test_a_report_format_that_breaks_is_an_error_and_no_bug(plant, plugin, capfd, broken, fault, jobs):
    plugin(REPORTER.format(**{**WORKING, **broken}))
    plant_many(plant, 110)
    assert main(["check", "--output", "house", "--jobs", jobs]) == 2
    said = capfd.readouterr().err
    assert f"error: the report format `house` failed: {fault}" in said
    assert "s3cr3t" not in said


def test_a_report_format_of_a_plugin_is_used(plant, plugin, capsys):
    plugin(REPORTER.format(**WORKING))
    plant({"policy.yaml": "policy_set: 1\nplugins: [house]\n", "ml-manifest.yaml": write_project("one", "rag")})
    assert main(["check", "--output", "house"]) == 0
    assert "one" in capsys.readouterr().out


# Paths that give nothing

GOOD = write_project("one", "rag")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_path_that_gives_nothing_beside_others_is_said(plant, capsys, jobs):
    files = {"good/ml-manifest.yaml": GOOD, "good/README.md": "", "notes/a.yaml": "a: 1\n", "b.yaml": "b: 1\n"}
    (plant(files) / "empty").mkdir()
    assert main(["check", "good", "empty/", "good/README.md", "notes", "b.yaml", "--jobs", jobs]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning:")]
    # A YAML file that is named was looked at.
    assert said == [
        "warning: there is nothing to judge in `empty/`",
        "warning: there is nothing to judge in `good/README.md`",
        "warning: there is nothing to judge in `notes`",
    ]


def test_a_path_with_what_is_broken_gives_something(plant, capsys):
    plant({"good/ml-manifest.yaml": GOOD, "bad/ml-manifest.yaml": "manifest: 1\n", "c/a.yaml": "base_model: [\n"})
    assert main(["check", "good", "bad", "c"]) == 2
    assert "nothing to judge" not in capsys.readouterr().err


def test_where_no_path_gives_anything_that_is_the_error(plant, capsys):
    root = plant({"a/README.md": ""})
    (root / "b").mkdir()
    assert main(["check", "a", "b"]) == 3
    assert capsys.readouterr().err.count("nothing to judge") == 1


def test_processes_end_when_nobody_takes_their_answers(plant, plugin, monkeypatch):
    started = []
    start = interpreter.start_interpreter

    def keep(target):
        started.append(start(target))
        return started[-1]

    monkeypatch.setattr(interpreter, "start_interpreter", keep)
    plugin(BROKEN)
    plant_many(plant, 110)
    run = Check(request(jobs=2)).run()
    assert isinstance(run, Generator)
    next(run)
    run.close()
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
