"""Scripts as subjects: alone, covered by a manifest, named by one, and in whatever state they are."""

from __future__ import annotations

import json
import os

import pytest

from policy.app.workspace import open_workspace
from policy.engine.judge import judge
from policy.model.decision import Subject
from tests.app.conftest import AXOLOTL, MANIFEST
from tests.app.test_subjects import NOW

SFT = "from trl import SFTTrainer\n\nSFTTrainer(model='x').train()\n"
DPO = SFT.replace("SFT", "DPO")
OPENAI = "import openai\n\nopenai.OpenAI().fine_tuning.jobs.create(model='x')\n"
RAG = f"{MANIFEST}approach: rag\n"


def name(facts):
    return [item.subject for item in facts]


def list_values(facts, *paths):
    return [facts.values.get(path) for path in paths]


def notebook(*cells):
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


# Without a manifest


def test_a_script_without_a_manifest_is_a_subject_that_fails(study):
    (facts,), problems = study({"src/train.py": SFT, "src/other.py": "print('SFTTrainer')", "src/none.py": ""})
    assert facts.subject == Subject("src/train.py", None, "src/train.py")
    paths = ("approach", "training.tool", "training.method", "training.config", "manifest.present")
    assert list_values(facts, *paths) == ["fine-tuning", "trl", "sft", "train.py", False]
    assert problems == []
    decision = judge(open_workspace().policy_set, facts, gate="ci", now=NOW)
    (outcome,) = (outcome for outcome in decision.outcomes if outcome.policy == "undeclared-fine-tuning")
    assert (outcome.outcome, decision.verdict) == ("fail", "block")
    assert str(outcome.location) == "src/train.py:3:1"
    assert outcome.because[0].source == "discovery: call of trl.SFTTrainer (line 3)"


def test_each_script_is_one_subject_with_all_its_calls(study):
    facts, problems = study({"a.py": SFT + DPO, "b.ipynb": notebook("import openai", OPENAI), "z.yaml": AXOLOTL})
    assert name(facts) == [
        Subject("z.yaml", None, "z.yaml"),
        Subject("a.py", None, "a.py"),
        Subject("b.ipynb", None, "b.ipynb"),
    ]
    assert facts[1].judged["approach"].source == "calls of trl.SFTTrainer (line 3) and trl.DPOTrainer (line 6)"
    assert list_values(facts[2], "training.tool", "training.method") == ["openai", None]
    assert [problem.message for problem in problems] == ["`data/train.jsonl` does not exist"]


@pytest.mark.parametrize("file", ["tests/train.py", "pkg/test/a.py", "test_train.py", "a/train_test.py", "conftest.py"])
def test_tests_train_toys(study, file):
    assert study({file: SFT}) == ([], [])
    # Who names one means it.
    assert name(study({}, file)[0]) == [Subject(file, None, file)]


def test_more_scripts_than_are_looked_at_together(study):
    files = {f"a{number:03}.py": "x = 1" for number in range(450)} | {"a001.py": SFT, "a449.py": SFT}
    assert [facts.subject.project for facts in study(files)[0]] == ["a001.py", "a449.py"]


# Covered by a manifest


def test_what_scripts_tell_belongs_to_the_project_that_covers_them(study):
    files = {"ml-manifest.yaml": RAG, "src/train.py": SFT, "nb/a.ipynb": notebook(SFT)}
    (facts,), problems = study(files)
    assert facts.subject == Subject("reply-tone", "ml-manifest.yaml", None)
    assert list_values(facts, "approach", "training.tool", "training.method") == ["fine-tuning", "trl", "sft"]
    assert [found.path for found in facts.contradictions] == ["approach"]
    assert facts.judged["approach"].location.file == "nb/a.ipynb"
    assert problems == []


def test_where_scripts_differ_they_tell_nothing_and_contradict_nobody(study):
    (facts,), _ = study({"ml-manifest.yaml": MANIFEST, "a.py": SFT, "b.py": DPO, "c.py": OPENAI})
    assert list_values(facts, "approach", "training.tool", "training.method") == ["fine-tuning", None, None]
    assert facts.contradictions == ()


def test_each_manifest_has_the_scripts_nearest_to_it(study):
    files = {"ml-manifest.yaml": RAG, "a/ml-manifest.yaml": "manifest: 1\nproject: inner\n", "a/train.py": SFT}
    inner, outer = study(files)[0]
    assert (inner.values["approach"], outer.values["approach"]) == ("fine-tuning", "rag")


@pytest.mark.parametrize("tool", ["custom", "mlflow-project", "hyperpod", "alignment-handbook"])
def test_what_starts_a_script_and_what_it_trains_with_are_no_contradiction(study, tool):
    for config in ("", ", config: train.py"):
        manifest = f"{MANIFEST}training: {{tool: {tool}{config}}}\n"
        (facts,), _ = study({"ml-manifest.yaml": manifest, "train.py": SFT})
        assert (facts.values["training.tool"], facts.contradictions) == (tool, ())


def test_another_tool_is_one(study):
    manifest = f"{MANIFEST}training: {{tool: openai}}\n"
    (facts,), _ = study({"ml-manifest.yaml": manifest, "train.py": SFT})
    assert [found.path for found in facts.contradictions] == ["training.tool"]


def test_where_training_configs_are_subjects_scripts_say_nothing_of_their_own(study):
    files = {"ml-manifest.yaml": MANIFEST, "axolotl.yaml": AXOLOTL, "data/train.jsonl": "{}", "run.py": SFT}
    (facts,), problems = study(files)
    assert facts.subject.training_config == "axolotl.yaml"
    assert (facts.values["training.tool"], problems) == ("axolotl", [])


@pytest.mark.parametrize("named", ["train.py", "./src/../train.py"])
def test_a_script_that_the_manifest_names_is_its_training_config(study, named):
    manifest = f"{MANIFEST}training: {{config: {named}, method: sft, seed: 7}}\n"
    files = {"ml-manifest.yaml": manifest, "train.py": SFT, "other.py": DPO}
    (facts,), problems = study(files)
    assert facts.subject == Subject("reply-tone", "ml-manifest.yaml", "train.py")
    assert list_values(facts, "training.tool", "training.method", "training.seed") == ["trl", "sft", 7]
    assert facts.judged["training.config"].origin == "observed"
    assert (problems, facts.contradictions) == ([], ())


def test_a_named_script_stands_beside_training_configs(study):
    manifest = f"{MANIFEST}training: {{config: train.py, seed: 7}}\n"
    files = {"ml-manifest.yaml": manifest, "train.py": SFT, "a.yaml": AXOLOTL, "data/train.jsonl": "{}"}
    facts, _ = study(files)
    assert [(item.subject.training_config, item.values["training.seed"]) for item in facts] == [
        ("a.yaml", 42),
        ("train.py", 7),
    ]


@pytest.mark.parametrize("text", ["print('SFTTrainer from trl')\n", "", "def f(:\n"])
def test_a_named_script_that_starts_no_known_training_leaves_the_project_a_subject(study, text):
    manifest = f"{MANIFEST}training: {{config: train.py}}\n"
    (facts,), (problem,) = study({"ml-manifest.yaml": manifest, "train.py": text})
    assert facts.subject.training_config is None
    assert problem.message == "no call in the training config `train.py` is known to start a fine-tuning"
    assert (problem.level, problem.location.line) == ("warning", 3)


def test_beside_a_config_that_no_reader_knows_scripts_tell(study):
    manifest = f"{MANIFEST}training: {{config: ours.yaml}}\n"
    (facts,), (problem,) = study({"ml-manifest.yaml": manifest, "ours.yaml": "rate: 1\n", "train.py": SFT})
    assert (facts.subject.training_config, facts.values["training.tool"]) == (None, "trl")
    assert problem.message.startswith("no reader knows the training config `ours.yaml`")


def test_a_test_that_the_manifest_names_is_read(study):
    manifest = f"{MANIFEST}training: {{config: tests/train.py}}\n"
    (facts,), problems = study({"ml-manifest.yaml": manifest, "tests/train.py": SFT})
    assert (facts.subject.training_config, problems) == ("tests/train.py", [])


def test_a_file_that_is_asked_about_is_judged_by_itself(study):
    files = {"ml-manifest.yaml": RAG, "src/train.py": SFT, "src/other.py": "x = 1"}
    facts, _ = study(files, "src/train.py")
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", "src/train.py")]
    assert [found.path for found in facts[0].contradictions] == ["approach"]
    assert study({}, "src/other.py") == ([], [])
    assert name(study({}, "src")[0]) == name(facts)


def test_beside_a_training_config_that_is_asked_about_a_script_is_not(study):
    files = {"ml-manifest.yaml": MANIFEST, "src/train.py": SFT, "src/a.yaml": AXOLOTL}
    assert [item.subject.training_config for item in study(files, "src")[0]] == ["src/a.yaml"]


# What cannot be read


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("a.py", f"{SFT}print 'x'\n", "a.py:4:1: this file may start a fine-tuning and cannot be parsed: "),
        ("a.py", SFT.encode() + b"\0", "a.py:1:1: this file may start a fine-tuning and cannot be parsed: "),
        ("a.py", SFT.encode("utf-16"), "a.py:1:1: this file may start a fine-tuning and cannot be parsed: "),
        (
            "a.py",
            SFT + "x = " + "-" * 300_000 + "1",
            "a.py:1:1: this file may start a fine-tuning and cannot be parsed",
        ),
        ("a.py", SFT + "#" * (1 << 20), "a.py:1:1: this file may start a fine-tuning and is too large to be parsed: "),
        ("a.ipynb", SFT, "a.ipynb:1:1: this file may start a fine-tuning and cannot be parsed: it is no JSON"),
        ("a.ipynb", notebook(SFT)[:-1], "a.ipynb:1:"),
        (
            "a.ipynb",
            "[" * 300_000 + SFT,
            "a.ipynb:1:1: this file may start a fine-tuning and cannot be parsed: it is nest",
        ),
    ],
)
def test_what_may_train_and_cannot_be_parsed_is_a_warning(study, file, content, said):
    facts, (problem,) = study({file: content})
    assert facts == []
    assert str(problem).startswith(said)
    assert (problem.level, bool(problem.remedy)) == ("warning", True)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.py", "print 'x'\n"),
        ("a.py", b"\xff\xfe\0\0"),
        ("a.py", "(" * 300_000),
        ("a.py", "# SFTTrainer\n" + "x\n" * (1 << 20)),
        ("a.py", "x\n" * (1 << 21)),
        ("a.ipynb", "{"),
        ("a.ipynb", "[" * 300_000),
        ("a.ipynb", notebook("print 'x'", "from trl import SFTTrainer", "SFTTrainer")),
    ],
)
def test_what_cannot_be_parsed_and_has_none_of_the_words_is_left_alone(study, file, content):
    assert study({file: content}) == ([], [])


def test_words_that_a_large_file_is_read_in_pieces_between_are_found(study):
    content = "#" * ((1 << 20) * 2 - 3) + "\n" + SFT
    facts, (problem,) = study({"a.py": content})
    assert (facts, "too large" in problem.message) == ([], True)


def test_links_are_followed_inside_only(plant, study, tmp_path):
    root = plant({"src/train.txt": SFT})
    (tmp_path / "outside.py").write_text(SFT)
    (root / "inside.py").symlink_to("src/train.txt")
    (root / "outside.py").symlink_to(tmp_path / "outside.py")
    (root / "gone.py").symlink_to("nothing.py")
    (root / "loop.py").symlink_to("loop.py")
    (root / "folder.py").mkdir()
    facts, problems = study({})
    assert name(facts) == [Subject("inside.py", None, "inside.py")]
    assert [str(problem).partition("\n")[0] for problem in problems] == [
        "outside.py:1:1: `outside.py` leads outside the repository by a symbolic link"
    ]
    assert {problem.level for problem in problems} == {"warning"}


def test_pipes_are_not_waited_for(plant, study):
    os.mkfifo(plant({}) / "a.py")
    assert study({}) == ([], [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="whoever is root may read anything")
def test_what_may_not_be_read_is_a_warning(plant, study):
    (plant({"a.py": SFT}) / "a.py").chmod(0)
    facts, (problem,) = study({})
    assert (facts, problem.level) == ([], "warning")


def test_a_script_whose_name_is_no_text_is_an_error(plant, study):
    with open(os.fsencode(plant({})) + b"/\xff.py", "w") as stream:
        stream.write(SFT)
    facts, (problem,) = study({})
    assert (facts, problem.message) == ([], "the name of this file is not UTF-8")


# Plugins


def test_a_plugin_names_its_own_calls(study, plugin):
    plugin(
        """
        @hookimpl
        def training_calls():
            return [TrainingCall("acme_train.finetune", "custom", "dpo")]
        """
    )
    files = {
        "policy.yaml": "policy_set: 1\nplugins: [house]\n",
        "go.py": "from acme_train import finetune\nfinetune(1)",
    }
    (facts,), problems = study(files)
    assert list_values(facts, "approach", "training.tool", "training.method") == ["fine-tuning", "custom", "dpo"]
    assert problems == []
