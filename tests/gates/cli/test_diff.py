"""`policy diff`, through the real command line: two policy sets, wherever they stand, and what they judge otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policy.reports.diff.contract import DiffDocument
from tests.gates.cli.conftest import Call, Result, write_manifest, write_policy
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

Files = Mapping[str, str | None]
AT = "--effective-time 2026-11-20"
RAG = write_policy("rag-only", "require: {approach: rag}\neffect: {default: block}\n")
SET = "policy_set: 1\npolicies: [./rules]\n"
STRICT = {"policy.yaml": SET, "rules/own/rag-only.yaml": RAG}
BAD = write_manifest("bad", "approach: fine-tuning\n")
GOOD = write_manifest("good", "approach: rag\n")
FLAG = "effects: {rag-only: flag}\n"
BROKEN = f"{SET}modus: x\n"
PROJECTS = {"a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": GOOD}


class Tree:
    """A repository whose branch `change` changes what its branch `main` holds."""

    def __init__(self, folder: Path, call: Call) -> None:
        self.folder = folder
        self._call = call

    def write(self, files: Files) -> None:
        for name, content in files.items():
            file = self.folder / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")

    def commit(self, files: Files) -> str:
        self.write(files)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=a change")
        return git(self.folder, "rev-parse", "HEAD").strip()

    def diff(self, line: str = "main .") -> Result:
        return self._call(f"diff {AT} {line}")

    def report(self, line: str = "main .", code: int = 0) -> dict[str, Any]:
        result = self.diff(f"{line} -o json")
        assert result.code == code, result.err
        document: dict[str, Any] = json.loads(result.out)
        DiffDocument.model_validate(document)
        return document


@pytest.fixture
def tree(tmp_path: Path, call: Call, _alone: None) -> Callable[[Files, Files], Tree]:  # noqa: F811
    """A repository whose `main` has the first files, and whose branch `change` has the second ones too."""

    def make(base: Files, change: Files) -> Tree:
        made = Tree(tmp_path, call)
        git(tmp_path, "init", "--quiet", "--initial-branch=main")
        made.commit(base)
        git(tmp_path, "switch", "--quiet", "--create", "change")
        made.commit(change)
        return made

    return make


# What is compared


@pytest.mark.parametrize(
    "names",
    ["main .", "main WORKTREE", "main change", "main HEAD", "main~0 ./", "main policy.yaml", "main ./policy.yaml"],
)
def test_the_ways_to_name_what_a_branch_does(tree, names):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    document = made.report(names)
    (policy,) = document["policies"]
    assert (policy["policy"], policy["direction"]) == ("rag-only", "milder")
    (subject,) = document["subjects"]
    assert (subject["project"], subject["old"], subject["new"]) == ("bad", "block", "flag")
    assert subject["policies"] == [
        {"policy": "rag-only", "old": "fail", "new": "fail", "old_effect": "block", "new_effect": "flag"}
    ]
    summary = document["summary"]
    assert (summary["judged"], summary["freed"], summary["unchanged"]) == (2, 1, 1)


def test_in_words(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    commit = git(made.folder, "rev-parse", "main").strip()[:10]
    result = made.diff()
    assert result.out == (
        f"OLD  main ({commit}), policy.yaml\n"
        "NEW  the working tree, policy.yaml\n"
        "\n"
        "changed: 1 of 1 policy · 1 milder\n"
        "\n"
        "~ rag-only: milder\n"
        "    About rag-only\n"
        "    a failure does: block → flag at every gate (milder) [by default → policy.yaml:3]\n"
        "\n"
        "block → flag  bad  a/ml-manifest.yaml\n"
        "    rag-only: fail (block) → fail (flag)\n"
        "\n"
        "2 subjects at the gate check: 0 newly blocked, 0 newly held, 0 newly flagged, 1 freed, 1 unchanged;\n"
        "  0 files could not be judged\n"
    )
    assert (result.err, result.code) == ("", 0)


def test_two_folders_and_no_repository(plant, call):
    plant({**PROJECTS, "one/policy.yaml": SET, "one/rules/own/rag-only.yaml": RAG})
    plant({"two/policy.yaml": SET + FLAG, "two/rules/own/rag-only.yaml": RAG})
    result = call(f"diff {AT} one two")
    assert "block → flag  bad  a/ml-manifest.yaml" in result.out
    assert "OLD  one, one/policy.yaml\nNEW  two, two/policy.yaml\n" in result.out
    assert (result.err, result.code) == ("", 0)
    turned = call(f"diff {AT} two one")
    assert "flag → block  bad  a/ml-manifest.yaml" in turned.out
    assert "1 newly blocked" in turned.out


def test_a_bundle(plant, call):
    folder = plant({**PROJECTS, **STRICT, "old/policy.yaml": SET, "old/rules/own/rag-only.yaml": RAG})
    digest = call("bundle verify old").out.split()[0].removeprefix("sha256:")
    (folder / "policy.yaml").write_text(SET + FLAG)
    result = call(f"diff {AT} old#sha256={digest} .")
    assert "block → flag  bad  a/ml-manifest.yaml" in result.out
    assert result.code == 0
    wrong = call(f"diff {AT} old#sha256={'0' * 64} .")
    assert "is not what it is pinned to" in wrong.err
    assert wrong.code == 2


def test_where_there_is_no_policy_set_it_is_the_catalogue(tree):
    made = tree(PROJECTS, {"policy.yaml": "policy_set: 1\nwithout: [few-examples]\n"})
    document = made.report()
    assert [(policy["policy"], policy["change"]) for policy in document["policies"]] == [("few-examples", "removed")]
    assert (document["old"]["file"], document["new"]["file"]) == (None, "policy.yaml")
    assert "OLD  main (" in made.diff().out
    assert ", the catalogue as it is\n" in made.diff().out


def test_a_policy_set_elsewhere_in_the_repository(tree):
    moved = {f"gov/{name}": content for name, content in STRICT.items()}
    made = tree({**moved, **PROJECTS}, {"gov/policy.yaml": SET + FLAG})
    assert len(made.report("main . --config gov/policy.yaml")["subjects"]) == 1
    assert len(made.report("main gov --config gov/policy.yaml")["subjects"]) == 1
    assert made.report("gov gov/policy.yaml")["changes_meaning"] is False


def test_a_layer_below_that_changes(tree):
    base = {
        "org/policy.yaml": SET,
        "org/rules/own/rag-only.yaml": RAG,
        "policy.yaml": "policy_set: 1\nextends: [org]\n",
    }
    made = tree({**base, **PROJECTS}, {"org/policy.yaml": SET + FLAG})
    (policy,) = made.report()["policies"]
    (change,) = policy["changes"]
    assert (change["old_at"], change["new_at"]["file"], change["new_at"]["line"]) == (None, "org/policy.yaml", 3)
    assert "[by default → org/policy.yaml:3]" in made.diff().out
    (turned,) = made.report("change main")["policies"]
    assert turned["changes"][0]["old_at"]["file"].startswith("change@")


def test_only_what_is_below_a_path_is_judged(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    assert made.report("main . b")["summary"]["judged"] == 1
    assert made.report("main . a b/ml-manifest.yaml")["summary"]["judged"] == 2
    (made.folder / "empty").mkdir()
    result = made.diff("main . empty a")
    assert "warning: there is nothing to judge in `empty`" in result.err
    assert result.code == 0


def test_the_gate_and_the_time_are_asked_for(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": f"{SET}effects: {{rag-only: {{ci: advise}}}}\n"})
    assert made.report("main .")["subjects"] == []
    said = "the sets also differ at ci, which these verdicts do not show: judge there with `--gate ci`\n"
    assert made.diff().out.endswith(said)
    assert [found["new"] for found in made.report("main . --gate ci")["subjects"]] == ["allow"]
    assert "these verdicts do not show" not in made.diff("main . --gate ci").out
    made.write({"policy.yaml": f"{SET}from: {{rag-only: 2027-01-01}}\n"})
    assert [found["new"] for found in made.report("main .")["subjects"]] == ["flag"]
    assert made.report("main . --effective-time 2027-01-01")["subjects"] == []


def test_what_changes_no_verdict_is_counted(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": f"{SET}on_unknown: {{rag-only: block}}\n"})
    document = made.report()
    assert document["changes_meaning"] is True
    assert document["subjects"] == []
    assert document["summary"]["unchanged_by_other_outcomes"] == 0
    other = write_policy("other", "require: {stage: pilot}\neffect: {default: block}\n")
    made.write({"rules/own/other.yaml": other, "a/ml-manifest.yaml": f"{BAD}stage: production\n"})
    assert made.report()["summary"]["unchanged_by_other_outcomes"] == 1


# Waivers and fields

WAIVER = """\
waivers: 1
entries:
  - {policy: rag-only, subject: bad, reason: it moves in January, owner: ml, requested_by: jan,
     requested_on: 2026-11-01, approved_by: maria, approved_on: 2026-11-02, expires: 2027-01-31}
"""
WAIVING = f"{SET}waivers: [waivers.yaml]\nwaiver_rules: {{approvers: {{default: [maria]}}}}\n"


def test_a_waiver_counts_as_if_its_policy_set_were_trusted(tree):
    base = {**STRICT, **PROJECTS, "policy.yaml": WAIVING, "waivers.yaml": "waivers: 1\nentries: []\n"}
    made = tree(base, {"waivers.yaml": WAIVER})
    document = made.report()
    (waiver,) = document["waivers"]
    assert (waiver["change"], waiver["direction"], document["policies"]) == ("added", "milder", [])
    assert [(found["old"], found["new"]) for found in document["subjects"]] == [("block", "allow")]
    assert "+ rag-only for bad: added (milder)" in made.diff().out
    made.write({"waivers.yaml": WAIVER.replace("2027-01-31", "2027-01-30")})
    assert "expires: 2027-01-31 → 2027-01-30 (stricter)" in made.diff("change .").out


def test_a_field_that_only_one_knows(tree):
    fields = f"{SET}fields: {{x.tier: {{type: string, about: Service level}}}}\n"
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": fields, "b/ml-manifest.yaml": f"{GOOD}x: {{tier: gold}}\n"})
    document = made.report()
    (unjudged,) = document["not_judged"]
    assert (unjudged["file"], unjudged["by"]) == ("b/ml-manifest.yaml", "OLD")
    assert document["summary"]["judged"] == 1
    assert document["errors"] == []
    result = made.diff()
    assert "warning: b/ml-manifest.yaml:4:" in result.err
    assert "by OLD: " in result.err
    assert "not judged by OLD: b/ml-manifest.yaml: " in result.out
    assert result.code == 0


def test_evidence_is_collected_once_with_the_settings_of_the_old_one(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": f"{SET}evidence: {{time_limit: 1h}}\n"})
    document = made.report()
    assert document["evidence_settings"] == "old"
    assert [change["key"] for change in document["settings"]] == ["evidence.time_limit"]
    assert "evidence was collected once, with the settings of OLD" in made.diff().out


def test_an_expression_is_asked_of_each_policy_set(tree):
    pytest.importorskip("cel_expr_python")
    rule = write_policy("rule", "require: {cel: \"approach == 'rag'\"}\neffect: {default: block}\n")
    made = tree(
        {"policy.yaml": SET, "rules/own/rule.yaml": rule, **PROJECTS},
        {"rules/own/rule.yaml": rule.replace("'rag'", "'fine-tuning'")},
    )
    told = {found["project"]: (found["old"], found["new"]) for found in made.report()["subjects"]}
    assert told == {"bad": ("block", "allow"), "good": ("allow", "block")}


# Exit codes


def test_differences_are_no_failure_unless_asked(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    assert made.diff("main .").code == 0
    assert made.diff("main . --exit-code").code == 1
    assert made.diff("main main --exit-code").code == 0
    made.write({"policy.yaml": f"# a remark\n{SET}"})
    same = made.diff("main . --exit-code")
    assert "no change of meaning\n" in same.out
    assert same.code == 0


def test_nothing_to_judge(tree):
    made = tree(STRICT, {"policy.yaml": SET + FLAG})
    result = made.diff("main .")
    assert result.out.endswith("\nno project to judge below here\n")
    assert result.code == 0
    (made.folder / "empty").mkdir()
    result = made.diff("main . empty")
    assert "error: there is nothing to judge in empty" in result.err
    assert result.code == 3


def test_nothing_to_compare(plant, call):
    plant({**PROJECTS, "policy.yaml": "policy_set: 1\npolicies: []\n"})
    result = call("diff . .")
    assert "error: neither OLD nor NEW has any policy" in result.err
    assert result.code == 3


def test_a_broken_manifest_is_bad_input(tree):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG, "c/ml-manifest.yaml": "manifest: [1\n"})
    document = made.report(code=2)
    assert [found["by"] for found in document["not_judged"]] == ["both"]
    assert len(document["errors"]) == 1
    assert document["summary"]["judged"] == 2
    result = made.diff()
    assert "1 file could not be judged" in " ".join(result.out.split())
    assert "error: c/ml-manifest.yaml:" in result.err


# What cannot be read


def test_policies_that_load_in_neither_name_their_side(tree):
    made = tree({**STRICT, **PROJECTS, "policy.yaml": BROKEN}, {"policy.yaml": f"{SET}modes: {{nope: flag}}\n"})
    result = made.diff()
    heads = [line for line in result.err.splitlines() if line.startswith("error: ")]
    commit = git(made.folder, "rev-parse", "main").strip()[:10]
    assert heads[0].startswith(f"error: main@{commit}/policy.yaml:3:1: OLD (main ({commit})): ")
    assert heads[1].startswith("error: policy.yaml:3:9: NEW (the working tree): there is no policy `nope`")
    assert (len(heads), result.code, result.out) == (2, 2, "")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("nope .", "`OLD`: there is no revision `nope` in this clone, and there is no file or folder `nope`"),
        (". nope", "`NEW`: there is no revision `nope` in this clone"),
        ("a .", "`OLD`: the folder `a` holds no policy set"),
        ("x..y .", "`OLD`: `x..y` names no revision"),
        ("main:policy.yaml .", "`OLD`: `main:policy.yaml` names no revision"),
        ("-- -x .", "`OLD`: `-x` names no revision"),
        ("a/ml-manifest.yaml .", "OLD (a/ml-manifest.yaml): "),
        ("main . --config ../x.yaml", "`OLD`: `--config ../x.yaml` is no file of the repository"),
        ("main . gone", "there is no `gone`"),
        ("main . -o html", "there is no format `html`"),
        ("main . -o json=policy.yaml", "the report would overwrite `policy.yaml`"),
        ("main . -o json=a/ml-manifest.yaml", "the report would overwrite `a/ml-manifest.yaml`"),
        ("x.tar.gz#sha256=1 .", "`OLD`: `sha256=1` is no digest of a bundle"),
    ],
)
def test_what_is_refused(tree, names, said):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    result = made.diff(names)
    assert said in result.err
    assert (result.code, result.out) == (2, "")


def test_both_names_are_looked_at(tree):
    result = tree(STRICT, {}).diff("nope neither")
    assert "`OLD`: there is no revision `nope`" in result.err
    assert "`NEW`: there is no revision `neither`" in result.err


def test_without_git_there_are_no_revisions(plant, call):
    plant({**STRICT, **PROJECTS})
    result = call("diff main .")
    assert "is no git repository" in result.err
    assert "there is no file or folder `main`" in result.err
    assert result.code == 2


def test_a_name_of_both_is_what_is_here_and_says_so(tree):
    made = tree({**STRICT, **PROJECTS}, {"main/policy.yaml": SET + FLAG, "main/rules/own/rag-only.yaml": RAG})
    commit = git(made.folder, "rev-parse", "main").strip()[:10]
    result = made.diff("main .")
    assert "warning: `OLD`: `main` is here as a file or folder, which is compared" in result.err
    assert f"help: write `./main` for what is here, or `{commit}` for the revision" in result.err
    assert "OLD  main, main/policy.yaml" in result.out
    assert made.diff("./main .").err == ""
    assert made.diff(f"{commit} .").out.startswith(f"OLD  {commit}")


def test_a_shallow_clone_says_what_to_fetch(tree, tmp_path_factory, monkeypatch):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": SET + FLAG})
    folder = tmp_path_factory.mktemp("ci") / "clone"
    source = f"file://{made.folder}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", "--branch=change", source, str(folder)], check=True)
    monkeypatch.chdir(folder)
    fetch = "git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main"
    result = made.diff("origin/main .")
    assert f"`{fetch}`" in result.err
    assert result.code == 2
    subprocess.run(fetch.split(), cwd=folder, check=True, capture_output=True)
    assert "block → flag  bad" in made.diff("origin/main .").out


# What must not run

PLUGIN = "from policy import *\nfrom policy.plugins.contracts import *\n\n@hookimpl\ndef predicates():\n    return []\n"


@pytest.fixture
def plugin(tmp_path_factory, monkeypatch):
    """Install a module that leaves a mark when it is imported."""
    site = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(site)
    names = []

    def install(name: str, folder: Path = site) -> Path:
        mark: Path = site / f"{name}.imported"
        (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'w').close()\n{PLUGIN}")
        names.append(name)
        return mark

    yield install
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("names", ["main .", ". main", "main change"])
def test_a_plugin_that_only_one_names_is_not_imported(tree, plugin, names):
    marks = [plugin("house_five"), plugin("house_six")]
    base = {**STRICT, **PROJECTS, "policy.yaml": f"{SET}plugins: [house_five]\n"}
    made = tree(base, {"policy.yaml": f"{SET}plugins: [house_five, house_six]\n"})
    result = made.diff(names)
    assert [mark.exists() for mark in marks] == [True, False]
    assert "names the plugin `house_six`, which is not imported" in result.err
    assert "plugins.house_six: " in result.out
    assert result.code == 0


def test_no_plugin_comes_from_the_working_tree(tree, plugin, tmp_path, monkeypatch):
    mark = plugin("house_seven", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    made = tree({**STRICT, **PROJECTS, "policy.yaml": f"{SET}plugins: [house_seven]\n"}, {})
    assert made.diff("main change").code == 2
    assert not mark.exists()


def test_nothing_is_checked_out_and_no_filter_runs(tree, tmp_path):
    made = tree({**STRICT, **PROJECTS, ".gitattributes": "* filter=x diff=x\n"}, {"policy.yaml": SET + FLAG})
    for name in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.external", "diff.x.textconv"):
        git(tmp_path, "config", name, f"touch {tmp_path}/ran;")
    before = sorted(os.listdir(tmp_path))
    assert made.diff("main change").code == 0
    assert sorted(os.listdir(tmp_path)) == before
    assert git(tmp_path, "symbolic-ref", "--short", "HEAD").strip() == "change"


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_plugin_whose_name_steers_a_terminal(tree, form):
    made = tree({**STRICT, **PROJECTS}, {"policy.yaml": f'{SET}plugins: ["\\e[31m##[x]"]\n'})
    result = made.diff(f"main . -o {form}")
    assert (result.code, "\x1b" in result.out + result.err, "##[" in result.out + result.err) == (0, False, False)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_what_steers_a_terminal_or_a_page_is_shown(tree, form):
    hostile = '"<script>\\e[31m::error::x ##[command]"'
    rule = write_policy("rag-only", f"require: {{approach: rag, project: {{not_equals: {hostile}}}}}\neffect: block\n")
    title = rule.replace("title: About rag-only", f"title: {hostile}")
    projects = {"a/ml-manifest.yaml": BAD.replace("project: bad", f"project: {hostile}")}
    made = tree(
        {"policy.yaml": SET, "rules/own/r.yaml": rule.replace("block", "flag"), **projects}, {"rules/own/r.yaml": title}
    )
    result = made.diff(f"main . -o {form}")
    assert result.code == 0
    assert "\x1b" not in result.out + result.err
    assert "##[" not in result.out
    assert not [line for line in result.out.splitlines() if line.lstrip().startswith("::")]
    if form == "markdown":
        outside = [
            line for line in result.out.splitlines() if "`" not in line and not line.lstrip().startswith(("+", "-"))
        ]
        assert not [line for line in outside if "<script>" in line]
