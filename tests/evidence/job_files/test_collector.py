"""The collector: which files of which subjects are judged, and what becomes of those that cannot be."""

from __future__ import annotations

import json
import os

import pytest

from policy.errors import Location
from policy.evidence.job_files import collector as collecting
from policy.evidence.job_files import judging, kept
from policy.evidence.job_files.collector import JobFiles
from policy.evidence.value_kinds import find_misfit
from policy.model.fact import Fact, Members
from policy.model.fields import SCHEMA
from policy.plugins.contracts import Collector, DatasetReference, Project

ROW = json.dumps({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]})
SOUND = (ROW + "\n") * 10
BROKEN = SOUND + "{}\n"
PATH = "training.job_file_valid"
OPENAI = {"training.tool": "openai"}


def declare(values, *sources):
    """Facts of a manifest; each source is a path, or a path and its split."""
    members = []
    for source in sources:
        path, split = source if isinstance(source, tuple) else (source, None)
        member = {"path": Fact("path", path, location=Location("p/ml-manifest.yaml", 5, 3))}
        members.append(member | ({"split": Fact("split", split)} if split else {}))
    facts = [Fact(path, value) for path, value in values.items()]
    return (*facts, Fact("data.sources", Members(tuple(members), complete=True)))


def collect(root, declared, datasets=(), folder="p"):
    collector: Collector = JobFiles()
    evidence = collector.collect(Project(str(root), folder, declared, datasets))
    assert {fact.path for fact in evidence.facts} | set(evidence.unavailable) <= set(collector.observes)
    assert find_misfit(evidence.facts, evidence.problems, SCHEMA) == ""
    return evidence


def test_what_the_training_config_tells_counts_before_the_manifest(plant):
    config = tuple(Fact(path, value, "observed") for path, value in (OPENAI | {"training.method": "sft"}).items())
    manifest = declare({"training.tool": "trl"}, "train.jsonl")
    project = Project(str(plant({"p/train.jsonl": BROKEN})), "p", manifest, (), config)
    assert told(JobFiles().collect(project)) == [False]
    assert told(JobFiles().collect(project._replace(told=()))) == []


def told(evidence):
    return [fact.value for fact in evidence.facts]


@pytest.mark.parametrize(
    "values",
    [
        OPENAI,
        {"training.tool": "azure"},
        {"approach": "fine-tuning", "model.provider": "OpenAI"},
        {"approach": "hybrid", "model.provider": "Azure OpenAI"},
    ],
)
@pytest.mark.parametrize(("content", "valid"), [(SOUND, True), (BROKEN, False)])
def test_a_training_file_is_judged_by_its_provider(plant, values, content, valid):
    evidence = collect(plant({"p/train.jsonl": content}), declare(values, "train.jsonl"))
    (fact,) = evidence.facts
    assert (fact.path, fact.value, fact.origin, fact.source) == (PATH, valid, "observed", "job file")
    assert fact.location == Location("p/ml-manifest.yaml", 5, 3)
    assert len(evidence.problems) == (not valid)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"training.tool": "axolotl", "model.provider": "openai", "approach": "fine-tuning"},
        {"approach": "rag", "model.provider": "openai"},
        {"approach": "fine-tuning", "model.provider": "acme"},
        {"model.provider": "openai"},
    ],
)
def test_nothing_is_told_where_no_known_provider_trains(plant, values):
    evidence = collect(plant({"p/train.jsonl": BROKEN}), declare(values, "train.jsonl"))
    assert evidence == type(evidence)()


def test_a_violation_is_a_warning_at_its_place_without_the_row(plant):
    secret = ROW.replace('"u"', '"Jane Doe"').replace("user", "usr")
    evidence = collect(plant({"p/train.jsonl": SOUND + secret + "\n{}\n"}), declare(OPENAI, "train.jsonl"))
    (problem,) = evidence.problems
    assert problem.level == "warning"
    assert str(problem.location) == "p/train.jsonl:11:16"
    assert problem.location.end_line == 0
    assert "the first of 2" in problem.message
    assert "Jane" not in str(problem)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("missing.jsonl", None, "does not exist"),
        ("train.csv", b"a,b\n", "no JSON Lines file"),
        ("train.jsonl", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        ("train.jsonl", b'{"a": "' + b"a" * 9 * 1024 * 1024 + b'"}\n' + SOUND.encode(), "longer than"),
        ("../../etc/passwd", None, "outside the repository"),
        ("/etc/passwd", None, "absolute"),
    ],
)
def test_a_file_that_cannot_be_judged_leaves_it_unknown_and_says_why(plant, file, content, reason):
    root = plant({"p/other.jsonl": SOUND, **({f"p/{file}": content} if content else {})})
    evidence = collect(root, declare(OPENAI, "other.jsonl", file))
    assert evidence.facts == ()
    assert reason in evidence.unavailable[PATH]


def test_a_broken_file_decides_whatever_is_missing(plant):
    root = plant({"p/broken.jsonl": BROKEN})
    assert told(collect(root, declare(OPENAI, "missing.jsonl", "broken.jsonl"))) == [False]


def test_a_link_out_of_the_repository_is_not_followed(plant, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "train.jsonl"
    outside.write_text(SOUND)
    root = plant({"p/ml-manifest.yaml": ""})
    (root / "p/train.jsonl").symlink_to(outside)
    evidence = collect(root, declare(OPENAI, "train.jsonl"))
    assert evidence.facts == ()
    assert "symbolic link" in evidence.unavailable[PATH]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_not_read(plant, kind):
    root = plant({"p/ml-manifest.yaml": ""})
    if kind == "pipe":
        os.mkfifo(root / "p/train.jsonl")
    else:
        (root / "p/train.jsonl").mkdir()
    assert kind in collect(root, declare(OPENAI, "train.jsonl")).unavailable[PATH]


def test_only_the_training_split_counts_and_the_config_tells_it_first(plant):
    root = plant({"p/train.jsonl": SOUND, "p/val.jsonl": BROKEN})
    assert told(collect(root, declare(OPENAI, "train.jsonl", ("val.jsonl", "validation")))) == [True]
    assert told(collect(root, declare(OPENAI, "train.jsonl", "val.jsonl"))) == [False]
    used = DatasetReference("p/val.jsonl", None, "validation", Location("p/job.yaml", 2, 1))
    assert told(collect(root, declare(OPENAI, "train.jsonl", "val.jsonl"), (used,))) == [True]
    used = used._replace(split="train")
    evidence = collect(root, declare(OPENAI, "train.jsonl", ("val.jsonl", "validation")), (used,))
    assert [(fact.value, fact.location) for fact in evidence.facts] == [(False, used.location)]


def test_nobody_names_a_file(plant):
    root = plant({"p/train.jsonl": SOUND})
    named = DatasetReference(None, "file-abc", "train", Location("p/job.yaml", 2, 1))
    evidence = collect(root, (Fact("training.tool", "openai"),), (named,))
    assert "no file of the repository" in evidence.unavailable[PATH]


@pytest.mark.parametrize(("method", "valid"), [("sft", True), ("dpo", False), ("kto", True)])
def test_the_method_tells_the_kind_of_file(plant, method, valid):
    root = plant({"p/train.jsonl": SOUND})
    assert told(collect(root, declare(OPENAI | {"training.method": method}, "train.jsonl"))) == [valid]


def test_a_file_is_read_once_while_it_is_kept_and_not_every_one_is_kept(plant, monkeypatch):
    read = []
    judge = judging.judge_file

    def count(path, shown, task):
        read.append(shown)
        return judge(path, shown, task)

    monkeypatch.setattr(kept, "judge_file", count)
    monkeypatch.setattr(collecting, "MOST_KEPT", 2)
    root = plant({f"{name}.jsonl": SOUND for name in "abc"})
    collector = JobFiles()
    for name in "aabcba":
        collector.collect(Project(str(root), "", declare(OPENAI, f"{name}.jsonl")))
    assert read == ["a.jsonl", "b.jsonl", "c.jsonl", "b.jsonl", "a.jsonl"]
