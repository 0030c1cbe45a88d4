"""A change is judged by the policies of its base; what it does to them is shown, and enforces nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policy.reports.contract import Decisions
from tests.gates.cli.conftest import Call, Result, write_manifest, write_policy
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

Files = Mapping[str, str | None]
RAG = write_policy("rag-only", "require: {approach: rag}\neffect: {default: block}\n")
SET = "policy_set: 1\npolicies: [./rules]\n"
STRICT = {"policy.yaml": SET, "rules/own/rag-only.yaml": RAG}
BAD = write_manifest("bad", "approach: fine-tuning\n")
GOOD = write_manifest("good", "approach: rag\n")
FLAG = "effects: {rag-only: flag}\n"
BROKEN = f"{SET}modus: x\n"


class Tree:
    """A repository in which a change is made to what its branch `main` holds."""

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

    def check(self, line: str = "", base: str = "main") -> Result:
        return self._call(f"check --policies-from {base} {line}")

    def report(self, line: str = "", base: str = "main") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.check(f"{line} -o json", base).out)
        Decisions.model_validate(document)
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


WAIVER = """\
waivers: 1
entries:
  - {policy: rag-only, subject: bad, reason: it moves in January, owner: ml, requested_by: jan,
     requested_on: 2026-01-01, approved_by: maria, approved_on: 2026-01-02, expires: 2026-03-01}
"""
WAIVING = f"{SET}waivers: [waivers.yaml]\nwaiver_rules: {{approvers: {{default: [maria]}}}}\n"
NO_WAIVER = "waivers: 1\nentries: []\n"
WAIVED = {**STRICT, "policy.yaml": WAIVING, "waivers.yaml": WAIVER}
UNWAIVED = {**WAIVED, "waivers.yaml": NO_WAIVER}
AT = "--gate ci --effective-time 2026-02-01"


# base, change, exit code, what is said of `bad`: null or (verdict, policies), settings that are said to change
MATRIX = [
    pytest.param(STRICT, {}, 1, None, None, id="nothing"),
    pytest.param(STRICT, {"policy.yaml": f"# a comment\n{SET}"}, 1, None, None, id="a comment"),
    pytest.param(STRICT, {"policy.yaml": SET + FLAG}, 1, ("flag", ["rag-only"]), [], id="loosened"),
    pytest.param({**STRICT, "policy.yaml": SET + FLAG}, STRICT, 0, ("block", ["rag-only"]), [], id="tightened"),
    pytest.param(
        STRICT, {"rules/own/rag-only.yaml": RAG.replace("rag}", "fine-tuning}")}, 1, ("allow", ["rag-only"]), [],
        id="another requirement",
    ),
    pytest.param(
        STRICT, {"rules/own/more.yaml": RAG.replace("rag-only", "more")}, 1, ("block", ["more"]), [], id="one more",
    ),
    pytest.param(
        STRICT, {"policy.yaml": f"{SET}gates: {{ci: {{mode: observe}}}}\n"}, 1, ("allow", ["rag-only"]), ["gates"],
        id="a gate that observes",
    ),
    pytest.param(WAIVED, {}, 0, None, None, id="a waiver of the base"),
    pytest.param(
        WAIVED, {"waivers.yaml": NO_WAIVER}, 0, ("block", ["rag-only"]), ["waivers"], id="a waiver taken away",
    ),
    pytest.param(UNWAIVED, {"waivers.yaml": WAIVER}, 1, ("allow", ["rag-only"]), ["waivers"], id="a waiver added"),
    pytest.param(
        {**WAIVED, "policy.yaml": WAIVING.replace("maria", "nils")}, {"policy.yaml": WAIVING}, 1,
        ("allow", ["rag-only"]), ["waiver_rules"], id="an approver of one's own",
    ),
    pytest.param(
        STRICT, {"sub/policy.yaml": "policy_set: 1\n"}, 1, None, None, id="a policy set elsewhere",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "code", "proposed", "settings"), MATRIX)
def test_the_base_judges_and_the_change_proposes(tree, base, change, code, proposed, settings):
    made = tree({**base, "a/ml-manifest.yaml": BAD}, change)
    commit = git(made.folder, "rev-parse", "main").strip()
    assert made.check(AT).code == code
    document = made.report(AT)
    (decision,) = document["decisions"]
    said = decision["proposed"]
    assert (said and (said["verdict"], said["policies"])) == proposed
    source = document["policies_from"]
    assert (source["revision"], source["commit"]) == ("main", commit)
    assert (source["proposed"] and source["proposed"]["settings"]) == settings
    assert document["errors"] == []


def test_in_words(tree):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    commit = git(made.folder, "rev-parse", "--short=10", "main").strip()
    result = made.check()
    assert f"required by main@{commit}/rules/own/rag-only.yaml:4:" in result.out
    assert "  proposed: this change also changes rag-only: with it the verdict would be flag\n" in result.out
    assert f"\njudged by policy.yaml at main ({commit})\n" in result.out
    assert "\nproposed: this change also changes rag-only: enforced once it is merged\n" in result.out
    assert "a/ml-manifest.yaml: proposed: this change also changes rag-only" in made.check("-o short").out


def test_without_a_revision_there_is_nothing_to_say_of_one(tree, call):
    tree({**STRICT, "a/ml-manifest.yaml": BAD}, {})
    document = json.loads(call("check -o json").out)
    assert document["policies_from"] is None
    assert document["decisions"][0]["proposed"] is None


def test_a_policy_set_that_is_added_enforces_nothing(tree):
    made = tree({"a/ml-manifest.yaml": BAD}, {"policy.yaml": "policy_set: 1\nwithout: [rag-tried]\n"})
    result = made.check("-o short")
    assert "block[rag-tried]" in result.out
    assert f"judged by the catalogue, for there is no policy set at main ({result.out.split('at main (')[1][:10]})" in (
        result.out
    )
    assert made.report()["policies_from"]["config"] is None


@pytest.mark.parametrize("name", ["policy.yaml", "rules/own/rag-only.yaml"])
def test_what_is_deleted_is_enforced_still(tree, name):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {name: None})
    result = made.check("-o short")
    assert result.code == 1
    assert "block[rag-only]" in result.out
    assert "proposed" in (result.out + result.err)


def test_changes_that_are_not_committed_are_proposals_too(tree):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {})
    made.write({"policy.yaml": SET + FLAG, "rules/own/new.yaml": RAG.replace("rag-only", "new")})
    (decision,) = made.report()["decisions"]
    assert decision["proposed"]["policies"] == ["new", "rag-only"]


def test_a_table_and_a_layer_below_are_read_at_the_base(tree):
    table = "table: 1\nrows:\n  acme-1: {terms: [conditional], source: legal, date: 2026-01-01}\n"
    base = {
        "org/policy.yaml": "policy_set: 1\npolicies: [./rules]\n",
        "org/rules/own/rag-only.yaml": RAG,
        "policy.yaml": "policy_set: 1\nextends: [./org]\ntables: {licenses: tables/licenses.yaml}\n",
        "tables/licenses.yaml": table,
        "a/ml-manifest.yaml": BAD,
    }
    made = tree(base, {"org/policy.yaml": f"{base['org/policy.yaml']}{FLAG}"})
    (decision,) = made.report()["decisions"]
    assert (decision["verdict"], decision["proposed"]["verdict"]) == ("block", "flag")


@pytest.mark.parametrize("folder", [".", "teams/x", "teams/x/project"])
def test_the_nearest_policy_set_of_the_base_counts(tree, folder, monkeypatch, tmp_path):
    base = {
        **STRICT,
        "teams/x/policy.yaml": "policy_set: 1\nextends: [../../policy.yaml]\neffects: {rag-only: flag}\n",
        "teams/x/project/ml-manifest.yaml": BAD,
    }
    made = tree(base, {"teams/x/project/policy.yaml": "policy_set: 1\n"})
    monkeypatch.chdir(tmp_path / folder)
    assert made.check().code == (1 if folder == "." else 0)


def test_a_named_policy_set_is_read_at_the_base(tree):
    made = tree({"ci/p.yaml": "policy_set: 1\npolicies: [../rules]\n", **STRICT, "a/ml-manifest.yaml": BAD}, {})
    made.write({"ci/p.yaml": "policy_set: 1\npolicies: [../rules]\nmodes: {rag-only: observe}\n"})
    assert made.check("--config ci/p.yaml").code == 1
    missing = made.check("--config ci/q.yaml")
    assert missing.code == 2
    assert "there is no policy set `main@" in missing.err


@pytest.mark.parametrize("target", ["mild", "."])
@pytest.mark.parametrize("named", ["sets/policy.yaml", "{}/sets/policy.yaml", "./rules/../sets/policy.yaml"])
def test_a_link_does_not_choose_another_policy_set_of_the_base(tree, tmp_path, named, target):
    base = {"sets/policy.yaml": SET.replace("./", "../"), "mild/policy.yaml": SET.replace("./", "../") + FLAG}
    made = tree({**STRICT, **base, "policy.yaml": SET + FLAG, "p/ml-manifest.yaml": BAD}, {"sets/policy.yaml": None})
    (tmp_path / "sets").rmdir() if (tmp_path / "sets").exists() else None
    (tmp_path / "sets").symlink_to(target)
    result = made.check(f"--config {named.format(tmp_path)}")
    assert result.code == 1
    assert "judged by sets/policy.yaml at main" in result.out


def test_a_policy_set_outside_is_not_what_a_revision_has(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "policy.yaml"
    outside.write_text("policy_set: 1\n")
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {})
    result = made.check(f"--config {outside}")
    assert result.code == 2
    assert "is no file of the repository" in result.err


def test_no_report_takes_the_place_of_what_is_proposed(tree):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    result = made.check("-o text=policy.yaml")
    assert result.code == 2
    assert "the report would overwrite `policy.yaml`" in result.err


def test_an_older_revision_may_be_the_one_that_shows_approvals(tree):
    made = tree({**UNWAIVED, "a/ml-manifest.yaml": BAD}, {"waivers.yaml": WAIVER})
    assert made.check(AT, base="change").code == 0
    assert made.check(f"{AT} --trusted-revision change", base="change").code == 0
    assert made.check(f"{AT} --trusted-revision main", base="change").code == 1


@pytest.mark.parametrize(("owners", "code"), [("* @org/ml\n", 0), ("docs/ @org/ml\n", 1), (None, 1)])
def test_code_owners_are_those_of_the_base(tree, owners, code):
    base = {**WAIVED, "policy.yaml": f"{WAIVING}trusted: {{code_owners: true}}\n", "a/ml-manifest.yaml": BAD}
    made = tree({**base, **({"CODEOWNERS": owners} if owners else {})}, {"CODEOWNERS": "* @somebody\n"})
    assert made.check(AT).code == code


# Broken bases and broken proposals


def test_policies_that_load_only_in_the_change(tree):
    made = tree({**STRICT, "policy.yaml": BROKEN, "a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": GOOD}, STRICT)
    commit = git(made.folder, "rev-parse", "--short=10", "main").strip()
    result = made.check("-o json=report.json")
    assert result.code == 2
    assert f"error: main@{commit}/policy.yaml:3:1: unknown key `modus`" in result.err or (
        f"error: main@{commit}/policy.yaml:3:1: " in result.err
    )
    assert f"the policies at main ({commit}) cannot be read, and no others may judge this change" in result.err
    assert "by those that it proposes, which enforce nothing: 1 blocked, 1 allowed" in result.err
    assert "mend them at main first" in result.err
    report = json.loads((made.folder / "report.json").read_bytes())
    assert (report["decisions"], len(report["errors"])) == ([], 2)


def test_policies_that_load_nowhere(tree):
    made = tree({**STRICT, "policy.yaml": BROKEN, "a/ml-manifest.yaml": BAD}, {"policy.yaml": f"{BROKEN}# x\n"})
    result = made.check()
    assert result.code == 2
    assert "those that it proposes cannot be read either" in result.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"policy.yaml": BROKEN}, "warning: policy.yaml:3:1: the policies that are proposed cannot be read"),
        ({"policy.yaml": "[]"}, "warning: policy.yaml:1:1: "),
        ({"policy.yaml": "policy_set: 1\npolicies: [./gone]\n"}, "there are no policies at `./gone`"),
        ({"policy.yaml": f"{SET}extends: [/etc]\n"}, "`/etc` is outside of the repository"),
        ({"policy.yaml": f"{SET}extends: [../x]\n"}, "`../x` leads out of the repository"),
        ({"rules/own/rag-only.yaml": "policy: rag-only\n"}, "warning: rules/own/rag-only.yaml:1:1: "),
    ],
)
def test_policies_that_load_only_at_the_base(tree, change, said):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": GOOD}, change)
    result = made.check("b")
    assert result.code == 0
    assert said in result.err
    assert "which then cannot be read (on standard error)" in result.out
    assert made.check("a").code == 1
    document = made.report("b")
    assert document["policies_from"]["proposed"]["loaded"] is False
    assert document["warnings"]


# Links, submodules and files elsewhere


def test_a_link_in_the_base_is_followed_inside(tree, tmp_path):
    (tmp_path / "policy.yaml").symlink_to("examples/policy.yaml")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "linked").symlink_to("../rules")
    made = tree(
        {"examples/policy.yaml": "policy_set: 1\npolicies: [./linked]\n", "rules/own/rag-only.yaml": RAG,
         "a/ml-manifest.yaml": BAD},
        {"rules/own/rag-only.yaml": RAG.replace("block", "flag")},
    )  # fmt: skip
    result = made.check()
    assert result.code == 1
    assert "judged by examples/policy.yaml at main" in result.out
    assert "with it the verdict would be flag" in result.out


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.yaml", "policy.yaml", "x/../../y"])
def test_a_link_that_leads_out_is_refused(tree, tmp_path, target):
    (tmp_path / "policy.yaml").symlink_to(target)
    made = tree({"a/ml-manifest.yaml": BAD}, {})
    result = made.check()
    assert result.code == 2
    assert "policy.yaml:1:1: this link leads out of the repository, or in a circle" in result.err


def test_a_link_that_a_change_puts_in_place_is_not_read(tree, tmp_path):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": None})
    (tmp_path / "policy.yaml").symlink_to("/etc/passwd")
    result = made.check()
    assert result.code == 1
    assert "this link leads out of the repository" in result.err
    assert "root:" not in result.out + result.err


def test_policies_in_a_submodule_are_refused(tree, tmp_path, tmp_path_factory):
    inner = tmp_path_factory.mktemp("inner")
    git(inner, "init", "--quiet")
    git(inner, "commit", "--quiet", "--allow-empty", "--message=first")
    made = tree({"policy.yaml": SET, "a/ml-manifest.yaml": BAD}, {})
    git(tmp_path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "rules")
    made.commit({})
    result = made.check(base="change")
    assert result.code == 2
    assert "`rules` is a submodule" in result.err


def test_an_absolute_path_into_the_working_tree_is_refused(tree, tmp_path):
    made = tree({**STRICT, "policy.yaml": f"policy_set: 1\npolicies: [{tmp_path}/rules]\n"}, {})
    result = made.check()
    assert result.code == 2
    assert "leads into the working tree, which is what is judged" in result.err


def test_a_layer_outside_is_read_where_it_is(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("organisation")
    (outside / "policy.yaml").write_text("policy_set: 1\npolicies: [rules]\n")
    (outside / "rules" / "own").mkdir(parents=True)
    (outside / "rules" / "own" / "rag-only.yaml").write_text(RAG)
    text = f"policy_set: 1\nextends: [{outside}]\n"
    made = tree({"policy.yaml": text, "a/ml-manifest.yaml": BAD}, {"policy.yaml": text + FLAG})
    (decision,) = made.report()["decisions"]
    assert (decision["verdict"], decision["proposed"]["verdict"]) == ("block", "flag")


# Plugins

PLUGIN = """\
from policy import *
from policy.plugins.contracts import *

@hookimpl
def predicates():
    return []
"""


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


def test_plugins_of_the_base_are_imported_and_others_not(tree, plugin):
    marks = [plugin("house_one"), plugin("house_two")]
    base = {**STRICT, "policy.yaml": f"{SET}plugins: [house_one]\n", "a/ml-manifest.yaml": BAD}
    made = tree(base, {"policy.yaml": f"{SET}plugins: [house_one, house_two]\n"})
    result = made.check()
    assert result.code == 1
    assert [mark.exists() for mark in marks] == [True, False]
    assert "warning: policy.yaml:3:22: the plugin `house_two` is proposed and not imported" in result.err
    assert "this change also changes `plugins`" in result.out


@pytest.mark.parametrize("folder", ["", "src"])
def test_no_plugin_comes_from_the_working_tree(tree, plugin, tmp_path, monkeypatch, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    mark = plugin("house_three", tmp_path / folder)
    monkeypatch.syspath_prepend(tmp_path / folder)
    made = tree({**STRICT, "policy.yaml": f"{SET}plugins: [house_three]\n", "a/ml-manifest.yaml": BAD}, {})
    result = made.check()
    assert result.code == 2
    assert "plugin `house_three` is not installed" in result.err
    assert not mark.exists()


def test_a_plugin_that_is_installed_in_place_is_refused(tree, plugin, tmp_path, monkeypatch):
    """As `pip install -e` does it: found by a finder of its own, and not through a folder on the path."""
    from importlib.machinery import PathFinder

    mark = plugin("house_four", tmp_path)

    class Finder:
        @staticmethod
        def find_spec(name, *_):
            return PathFinder.find_spec(name, [str(tmp_path)]) if name == "house_four" else None

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    made = tree({**STRICT, "policy.yaml": f"{SET}plugins: [house_four]\n", "a/ml-manifest.yaml": BAD}, {})
    result = made.check()
    assert result.code == 2
    assert "plugin `house_four` would be imported from the working tree" in result.err
    assert not mark.exists()


# Revisions


@pytest.mark.parametrize("base", ["main", "v1", "refs/heads/main", "HEAD~1", "COMMIT", "SHORT"])
def test_how_a_revision_may_be_named(tree, base):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": "policy_set: 1\npolicies: [catalogue:tables]\n"})
    git(made.folder, "tag", "--annotate", "v1", "main", "--message=x")
    commit = git(made.folder, "rev-parse", "main").strip()
    name = {"COMMIT": commit, "SHORT": commit[:12]}.get(base, base)
    assert made.check(base=name).code == 1
    assert made.report(base=name)["policies_from"]["commit"] == commit


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("--help", "names no revision", "name a branch"),
        ("-x", "names no revision", "name a branch"),
        ("main..change", "names no revision", "name a branch"),
        ("main:policy.yaml", "names no revision", "name a branch"),
        ("nowhere", "there is no revision `nowhere` in this clone", "this clone has no remote"),
        ("1" * 40, "there is no revision `1111", f"`git fetch --depth=1 origin {'1' * 40}`"),
        ("BLOB", "is a blob and no commit", "name a branch"),
        ("TREE", "is a tree and no commit", "name a branch"),
        ("both", "is the name of refs/heads/both and of refs/tags/both", "write the full name"),
        ("main~7", "there is no revision", "--unshallow"),
    ],
)
def test_what_no_revision_is(tree, name, said, remedy):
    made = tree(STRICT, {})
    git(made.folder, "tag", "both")
    git(made.folder, "branch", "both")
    objects = {"BLOB": "main:policy.yaml", "TREE": "main:rules"}
    base = git(made.folder, "rev-parse", objects[name]).strip() if name in objects else name
    result = made._call(f"check --policies-from={base}")
    assert result.code == 2
    assert said in result.err
    assert remedy in result.err
    assert "`--policies-from`" in result.err


def test_a_folder_without_git_has_no_revisions(call, plant):
    plant({"a/ml-manifest.yaml": BAD})
    result = call("check --policies-from main")
    assert result.code == 2
    assert "is no git repository" in result.err


# Clones as CI makes them


def clone(source: Path, folder: Path, *options: str) -> Path:
    subprocess.run(["git", "clone", "--quiet", *options, f"file://{source}", str(folder)], check=True)
    return folder


def test_a_shallow_clone_says_what_to_fetch_and_then_works(tree, tmp_path_factory, monkeypatch):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    folder = clone(made.folder, tmp_path_factory.mktemp("ci") / "clone", "--depth=1", "--branch=change")
    monkeypatch.chdir(folder)
    result = made.check(base="origin/main")
    assert result.code == 2
    fetch = "git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main"
    assert f"`{fetch}`" in result.err
    subprocess.run(fetch.split(), cwd=folder, check=True, capture_output=True)
    result = made.check(base="origin/main")
    assert result.code == 1
    assert "judged by policy.yaml at origin/main (" in result.out
    commit = git(made.folder, "rev-parse", "main").strip()
    assert made.check(base=commit).code == 1


def test_a_merge_as_a_queue_makes_it(tree):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    git(made.folder, "switch", "--quiet", "main")
    made.commit({"b/ml-manifest.yaml": GOOD})
    git(made.folder, "switch", "--quiet", "--detach", "main")
    git(made.folder, "merge", "--quiet", "--no-ff", "--message=merge", "change")
    for base in ("HEAD^1", "main"):
        result = made.check(base=base)
        assert result.code == 1
        assert "with it the verdict would be flag" in result.out


def test_a_fork_and_a_worktree(tree, tmp_path_factory, monkeypatch):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    fork = clone(made.folder, tmp_path_factory.mktemp("fork") / "clone", "--branch=change")
    git(fork, "remote", "rename", "origin", "upstream")
    beside = fork.parent / "worktree"
    git(fork, "worktree", "add", "--quiet", str(beside), "HEAD")
    for folder in (fork, beside):
        monkeypatch.chdir(folder)
        assert made.check(base="upstream/main").code == 1


def test_a_clone_without_contents_says_so(tree, tmp_path_factory, monkeypatch):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    git(made.folder, "config", "uploadpack.allowFilter", "true")
    folder = clone(made.folder, tmp_path_factory.mktemp("ci") / "clone", "--filter=blob:none", "--branch=change")
    monkeypatch.chdir(folder)
    result = made.check(base="origin/main")
    assert result.code == 2
    assert "cannot be read: the object " in result.err
    assert "git fetch" in result.err


def test_nothing_is_checked_out_and_no_filter_runs(tree, tmp_path):
    made = tree({**STRICT, "a/ml-manifest.yaml": BAD, ".gitattributes": "* filter=x\n"}, {"policy.yaml": SET + FLAG})
    for kind in ("clean", "smudge", "process"):
        git(tmp_path, "config", f"filter.x.{kind}", f"touch {tmp_path}/ran")
    before = sorted(os.listdir(tmp_path))
    assert made.check().code == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_several_processes_judge_alike(tree, monkeypatch):
    from policy.app import checking

    monkeypatch.setattr(checking, "CHUNK", 2)
    projects = {f"p{number}/ml-manifest.yaml": write_manifest(f"p{number}", "approach: rag\n") for number in range(6)}
    made = tree({**STRICT, **projects, "a/ml-manifest.yaml": BAD}, {"policy.yaml": SET + FLAG})
    assert made.report(f"{AT} --jobs 1") == made.report(f"{AT} --jobs 2")
