"""The plain hooks before a commit and a push, called by git itself."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.e2e.hooking import (
    AXOLOTL,
    BAD,
    BROKEN,
    GOOD,
    RAG_ONLY,
    SET,
    STRICT,
    Worktree,
    install,
    make_tools,
)

OBSERVE = {**STRICT, "policy.yaml": f"{SET}gates: {{commit: {{mode: observe}}}}\n"}


@pytest.fixture
def repository(tmp_path):
    """A repository without a commit, whose hooks are the project's."""
    tree = Worktree(tmp_path / "repository", make_tools(tmp_path / "tools"))
    tree.git("init", "--quiet", "--initial-branch=main", "--template=")
    for name in ("pre-commit", "pre-push"):
        install(name, tree.folder / ".git" / "hooks")
    return tree


@pytest.fixture
def strict(repository):
    """One that only allows retrieval."""
    repository.settle(STRICT)
    return repository


def assert_refused(done, *reasons):
    assert done.code == 1
    for reason in reasons:
        assert reason in done.said


def assert_quiet(done):
    assert done == (0, "")


def test_the_first_commit_is_judged(repository):
    done = repository.commit({**STRICT, "ml-manifest.yaml": BAD})
    assert_refused(done, "block[rag-only]", "ml-manifest.yaml:3:11", "1 blocked")
    assert_quiet(repository.commit({"ml-manifest.yaml": GOOD}))


def test_a_changed_manifest_is_judged(strict):
    assert_quiet(strict.commit({"a/ml-manifest.yaml": GOOD}))
    assert_refused(strict.commit({"a/ml-manifest.yaml": BAD}), "block  bad  a/ml-manifest.yaml")


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "text"},
        {"a/README.md": "text"},
        {"a/data/other.jsonl": "{}\n"},
        {"a/.github/workflows/ci.yaml": "on: push\n"},
        {"a/deploy.yaml": "kind: Deployment\n"},
        {"pyproject.toml": "[project]\nname = 'x'\n"},
        {"a/README.md": None},
        {"a/link": None},
    ],
)
def test_what_is_no_part_of_a_project_runs_nothing(strict, files):
    os.symlink("README.md", strict.folder / "link")
    strict.settle({"a/ml-manifest.yaml": BAD, "a/README.md": "old", "a/link": "old"})
    assert_quiet(strict.commit(files))


def test_only_a_touched_project_is_judged(strict):
    strict.settle({"bad/ml-manifest.yaml": BAD, "bad/data/train.jsonl": "{}\n", "bad/train.yaml": AXOLOTL})
    assert_quiet(strict.commit({"good/ml-manifest.yaml": GOOD, "good/data/train.jsonl": "{}\n"}))


@pytest.mark.parametrize(
    "change",
    [
        {"a/train/axolotl.yaml": f"{AXOLOTL}seed: 1\n"},
        {"a/data/train.jsonl": '{"text": "b"}\n{"text": "c"}\n'},
        {"a/data/train.jsonl": None},
        {"shared/test.jsonl": '{"text": "b"}\n'},
        {"a/train/axolotl.yaml": None},
        {"policies/own/rag-only.yaml": f"{RAG_ONLY}because: It is so.\n"},
        {"policies/own/new.yaml": RAG_ONLY.replace("rag-only", "another")},
        {"policy.yaml": f"{SET}name: acme\n"},
        {"ml-manifest.yaml": BAD},
    ],
    ids=lambda change: f"{next(iter(change))}{'' if next(iter(change.values())) else ' deleted'}",
)
def test_a_change_to_any_part_of_a_project_judges_it(strict, change):
    manifest = (
        "data: {sources: [{path: data/train.jsonl, split: train}, {path: ../shared/test.jsonl, split: test}]}\n"
        "training: {config: train/axolotl.yaml}\n"
    )
    strict.settle(
        {
            "a/ml-manifest.yaml": BAD + manifest,
            "a/train/axolotl.yaml": AXOLOTL,
            "a/data/train.jsonl": '{"text": "a"}\n',
            "shared/test.jsonl": '{"text": "a"}\n',
        }
    )
    done = strict.commit(change)
    assert done.code in (1, 2)
    assert "block[rag-only]" in done.said


def test_a_deleted_manifest_leaves_its_training_to_be_judged(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD, "a/axolotl.yaml": AXOLOTL, "b/axolotl.yaml": AXOLOTL})
    done = strict.commit({"a/ml-manifest.yaml": None})
    assert_refused(done, "block  a/axolotl.yaml  a/axolotl.yaml  (no manifest)")
    assert "b/axolotl.yaml" not in done.said


def test_a_manifest_that_goes_with_its_project_leaves_nothing_to_judge(strict):
    strict.settle({"a/ml-manifest.yaml": BAD, "a/axolotl.yaml": AXOLOTL})
    assert_quiet(strict.commit({"a/ml-manifest.yaml": None, "a/axolotl.yaml": None}))


def test_a_moved_manifest_is_judged_where_it_is(strict):
    strict.settle({"a/ml-manifest.yaml": BAD})
    strict.git("mv", "a", "b")
    assert_refused(strict.commit(), "block  bad  b/ml-manifest.yaml")


def test_flags_are_shown_and_do_not_refuse(repository):
    # Without a policy set the catalogue's own effects hold: at a commit none of them is harder than a flag.
    done = repository.commit({"ml-manifest.yaml": BAD})
    assert done.code == 0
    *findings, verdict, counts, more = done.said.splitlines()
    assert all(line.startswith("ml-manifest.yaml:1:1: flag[") for line in findings)
    assert (verdict.split(" (")[0], more) == ("ml-manifest.yaml: flag: bad", "in full: policy check --gate commit")
    assert counts.startswith("1 flagged")
    assert repository.git("log", "--format=%s") == "a change\n"


def test_observe_never_refuses(repository):
    done = repository.commit({**OBSERVE, "ml-manifest.yaml": BAD})
    assert_quiet(done)
    assert repository.git("log", "--format=%s") == "a change\n"


def test_a_gate_without_policies_is_said_and_refuses_nothing(repository):
    only_ci = RAG_ONLY.replace("default", "ci")
    done = repository.commit({**STRICT, "policies/own/rag-only.yaml": only_ci, "ml-manifest.yaml": BAD})
    assert done.code == 0
    assert "warning: no policy is judged at the gate `commit`" in done.said


def test_a_broken_manifest_refuses_with_its_position(strict):
    done = strict.commit({"a/ml-manifest.yaml": BROKEN})
    assert done.code == 1
    assert "error: a/ml-manifest.yaml:3:1: " in done.said
    assert "3 | flavour: sweet" in done.said


def test_a_broken_policy_set_refuses_with_its_position(strict):
    strict.write({"policy.yaml": f"{SET}modus: x\n"})
    strict.git("add", "policy.yaml")
    # What is quoted is what is staged.
    strict.write({"policy.yaml": SET})
    done = strict.commit()
    assert done.code == 1
    assert "error: policy.yaml:3:1: " in done.said
    assert "3 | modus: x" in done.said


@pytest.mark.parametrize(
    ("staged", "kept", "code"), [(BAD, GOOD, 1), (GOOD, BAD, 0), (BAD, None, 1), (GOOD, BROKEN, 0)]
)
def test_what_is_staged_counts_and_not_the_work_tree(strict, staged, kept, code):
    strict.stage({"a/ml-manifest.yaml": staged})
    strict.write({"a/ml-manifest.yaml": kept, "b/ml-manifest.yaml": BAD})
    assert strict.commit().code == code
    assert (strict.folder / "a/ml-manifest.yaml").exists() == (kept is not None)


def test_data_counts_as_it_is_staged(repository):
    rows = RAG_ONLY.replace("require: {approach: rag}", "require: {data.rows: {at_least: 2}}")
    manifest = f"{GOOD}data: {{sources: [{{path: data/train.jsonl, split: train}}]}}\n"
    files = {"policies/own/rag-only.yaml": rows, "policy.yaml": SET, "ml-manifest.yaml": manifest}
    repository.stage({**files, "data/train.jsonl": "{}\n"})
    repository.write({"data/train.jsonl": "{}\n{}\n"})
    assert_refused(repository.commit(), "data.rows is 1 (observed)")
    assert_quiet(repository.commit({}))


def test_a_commit_of_some_paths_is_judged_as_it_will_be(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD, "b/ml-manifest.yaml": GOOD})
    strict.write({"a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": BAD.replace("bad", "other")})
    strict.git("add", "b/ml-manifest.yaml")
    done = strict.run("git", "commit", "--quiet", "--message=part", "a/ml-manifest.yaml")
    assert_refused(done, "block  bad  a/ml-manifest.yaml")
    assert "other" not in done.said
    assert_refused(strict.run("git", "commit", "--quiet", "--all", "--message=all"), "other")


def test_a_file_that_is_only_intended_is_no_part_of_it(strict):
    strict.write({"a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": GOOD})
    strict.git("add", "--intent-to-add", "a/ml-manifest.yaml")
    strict.git("add", "b/ml-manifest.yaml")
    assert_quiet(strict.commit())


@pytest.mark.parametrize(
    "name", ["with space", "schön", "日本", "tab\tin", 'quote"d', "[a-z]*", ":(top)x", "-n", "a\nb"]
)
def test_any_name_will_do(strict, name):
    done = strict.commit({f"{name}/ml-manifest.yaml": BAD, f"{name}/data.jsonl": "{}\n"})
    assert_refused(done, "block  bad  ")
    strict.stage({f"{name}/ml-manifest.yaml": f"{BAD}data: {{sources: [{{path: data.jsonl}}]}}\n"})
    strict.settle({})
    done = strict.commit({f"{name}/data.jsonl": "{}\n{}\n"})
    assert_refused(done, "block  bad  ")


def test_a_name_that_is_no_text_refuses(strict):
    strict.write({os.fsdecode(b"\xff/ml-manifest.yaml"): GOOD})
    strict.git("add", "--all")
    done = strict.commit()
    assert done.code == 1
    assert "the name of this file is not UTF-8" in done.said


def test_from_a_subfolder_and_a_second_worktree(strict):
    strict.stage({"a/ml-manifest.yaml": BAD, "sub/x": ""})
    done = strict.run("policy", "hook", "pre-commit", folder="sub")
    assert_refused(done, "block  bad  a/ml-manifest.yaml")
    strict.git("reset", "--quiet", "--hard")
    strict.git("worktree", "add", "--quiet", "-b", "other", "../other")
    other = Worktree(strict.folder.parent / "other", strict.folder.parent / "tools")
    assert_refused(other.commit({"ml-manifest.yaml": BAD}), "block  bad  ml-manifest.yaml")
    assert_quiet(other.commit({"ml-manifest.yaml": GOOD}))


def test_a_submodule_is_not_looked_into(strict):
    inner = Worktree(strict.folder / "inner", strict.folder.parent / "tools")
    inner.git("init", "--quiet", "--template=")
    inner.settle({"ml-manifest.yaml": BAD})
    strict.write({".gitmodules": '[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n'})
    assert_quiet(strict.commit({"ml-manifest.yaml": GOOD}))
    assert "160000" in strict.git("ls-files", "--stage")


def test_a_merge_is_judged_when_it_is_concluded(strict):
    strict.settle({"ml-manifest.yaml": GOOD})
    strict.git("checkout", "--quiet", "-b", "side")
    strict.settle({"ml-manifest.yaml": BAD})
    strict.git("checkout", "--quiet", "main")
    strict.settle({"ml-manifest.yaml": GOOD.replace("good", "better")})
    assert strict.run("git", "merge", "side").code == 1
    assert strict.run("policy", "hook", "pre-commit").code == 2
    assert_refused(strict.commit({"ml-manifest.yaml": BAD}), "block  bad  ml-manifest.yaml")


def test_nothing_that_the_repository_names_is_run(strict, tmp_path):
    mark = tmp_path / "run"
    strict.write({".gitattributes": "* filter=evil diff=evil\n", "ml-manifest.yaml": BAD})
    # Newer than the index: git cannot tell by its time whether the file was changed, and has a reason to look into it.
    os.utime(strict.folder / "ml-manifest.yaml", (4e9, 4e9))
    strict.git("add", "--all")
    for name in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv"):
        strict.git("config", name, f"touch '{mark}'; cat")
    strict.git("config", "filter.evil.required", "true")
    strict.git("config", "core.fsmonitor", f"touch '{mark}'")
    strict.write({".git/hooks/post-index-change": f"#!/bin/sh\ntouch '{mark}'\n"})
    (strict.folder / ".git/hooks/post-index-change").chmod(0o755)
    assert_refused(strict.run("policy", "hook", "pre-commit"), "block  bad  ml-manifest.yaml")
    assert not mark.exists()


def test_ignored_and_unexported_files_are_judged_where_they_are_tracked(strict):
    strict.write({".gitignore": "*\n", ".gitattributes": "* export-ignore\n", ".hidden/venv/ml-manifest.yaml": BAD})
    strict.git("add", "--all", "--force")
    assert_refused(strict.commit(), "block  bad  .hidden/venv/ml-manifest.yaml")


def test_line_ends_and_encodings_are_those_of_the_objects(strict):
    attributes = "*.yaml text eol=crlf working-tree-encoding=UTF-16LE-BOM\n"
    strict.stage({"ml-manifest.yaml": BAD})
    strict.write({".gitattributes": attributes})
    strict.git("add", ".gitattributes")
    assert_refused(strict.commit(), "ml-manifest.yaml:3:11", "3 | approach: fine-tuning")


def test_the_repository_is_left_as_it_is(strict, tmp_path):
    strict.stage({"ml-manifest.yaml": BAD})
    before = list_files(strict.folder)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert strict.run("policy", "hook", "pre-commit", TMPDIR=str(temporary)).code == 1
    assert list_files(strict.folder) == before
    assert list(temporary.iterdir()) == []


def list_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("setting", ["core.splitIndex", "index.sparse", "core.untrackedCache", "feature.manyFiles"])
def test_an_index_of_another_form(setting, strict):
    strict.settle({"ml-manifest.yaml": GOOD})
    strict.git("config", setting, "true")
    strict.stage({"a/ml-manifest.yaml": BAD})
    assert_refused(strict.commit({"b/ml-manifest.yaml": GOOD}), "block  bad  a/ml-manifest.yaml")


def test_a_sparse_checkout_is_judged_whole(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD, "b/axolotl.yaml": AXOLOTL})
    strict.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")
    assert not (strict.folder / "b").exists()
    assert_refused(strict.commit({"policy.yaml": f"{SET}name: acme\n"}), "block  b/axolotl.yaml")


def test_a_repository_of_the_other_object_format(tmp_path):
    tree = Worktree(tmp_path / "sha256", make_tools(tmp_path / "tools"))
    tree.git("init", "--quiet", "--object-format=sha256", "--template=")
    install("pre-commit", tree.folder / ".git" / "hooks")
    assert_refused(tree.commit({**STRICT, "ml-manifest.yaml": BAD}), "block[rag-only]")
    assert_quiet(tree.commit({"ml-manifest.yaml": GOOD}))


def test_without_the_command_the_hook_says_how_to_install_it(strict):
    (strict.folder.parent / "tools/policy").unlink()
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    os.symlink(git, strict.folder.parent / "tools/git")
    strict.environment["PATH"] = str(strict.folder.parent / "tools")
    done = strict.commit({"x": "y"})
    assert_refused(done, "policy is not on the path: install tunegate")


def test_outside_a_repository(tmp_path):
    tree = Worktree(tmp_path / "folder", make_tools(tmp_path / "tools"))
    for hook in ("pre-commit", "pre-push", "pre-receive"):
        done = tree.run("policy", "hook", hook)
        assert done.code == 2
        assert done.said.startswith("error: git cannot say what to judge: not a git repository")


def test_a_policy_set_from_elsewhere(repository, tmp_path):
    elsewhere = Worktree(tmp_path / "organisation", tmp_path / "tools")
    elsewhere.write(STRICT)
    repository.stage({"ml-manifest.yaml": BAD, "policy.yaml": "policy_set: 1\ngates: {commit: {mode: observe}}\n"})
    done = repository.run("policy", "hook", "pre-commit", "--config", "../organisation/policy.yaml")
    assert_refused(done, "block[rag-only]")


@pytest.fixture
def remote(strict):
    """A bare repository that accepts everything."""
    strict.git("init", "--quiet", "--bare", "--initial-branch=main", "../remote.git")
    strict.git("remote", "add", "origin", "../remote.git")
    strict.git("push", "--quiet", "--no-verify", "origin", "main")
    return strict


def test_a_push_is_judged_by_what_is_pushed(remote):
    remote.settle({"a/ml-manifest.yaml": BAD})
    remote.write({"a/ml-manifest.yaml": GOOD})
    done = remote.run("git", "push", "--quiet", "origin", "main")
    assert_refused(done, "refs/heads/main (", "block  bad  a/ml-manifest.yaml")
    remote.settle({"a/ml-manifest.yaml": GOOD})
    remote.write({"a/ml-manifest.yaml": BAD})
    assert_quiet(remote.run("git", "push", "--quiet", "origin", "main"))
    assert_quiet(remote.run("git", "push", "--quiet", "origin", "main"))


def test_a_branch_that_is_deleted_holds_nothing_to_judge(remote):
    remote.git("push", "--quiet", "--no-verify", "origin", "main:side")
    remote.settle({"ml-manifest.yaml": BAD})
    assert_quiet(remote.run("git", "push", "--quiet", "origin", ":side"))


def test_by_hand_the_last_commit_is_judged(strict):
    strict.settle({"ml-manifest.yaml": BAD})
    strict.stage({"ml-manifest.yaml": GOOD})
    assert_refused(strict.run("policy", "hook", "pre-push"), "HEAD (", "block  bad  ml-manifest.yaml")
