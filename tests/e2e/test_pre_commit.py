"""The hooks under the two clients that people use, pre-commit and prek, as .pre-commit-hooks.yaml describes them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.hooking import AXOLOTL, BAD, GOOD, RAG_ONLY, ROOT, SET, STRICT, Worktree, make_tools

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
CLIENTS = ("pre-commit", "prek")


def find_client(name):
    """The program of a client, installed beside this Python."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed here: pip install -e '.[dev]'")
    return found


def describe_locally():
    """The hooks as they are, but for their installation: the tests' own command is called.

    `.ci/run` tries the installation, too, for which a package index is needed.
    """
    hooks = [{**hook, "language": "system"} for hook in HOOKS]
    return yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}, sort_keys=False)


@pytest.fixture(params=CLIENTS)
def client(request):
    return find_client(request.param)


@pytest.fixture
def repository(tmp_path, client):
    """A strict repository with the client's hooks installed."""
    tree = Worktree(tmp_path / "repository", make_tools(tmp_path / "tools"))
    home = str(tmp_path / "home")
    tree.environment |= {"PRE_COMMIT_HOME": home, "PREK_HOME": home, "PRE_COMMIT_COLOR": "never"}
    tree.git("init", "--quiet", "--initial-branch=main", "--template=")
    tree.settle({".pre-commit-config.yaml": describe_locally(), **STRICT})
    done = tree.run(client, "install", "--hook-type=pre-commit", "--hook-type=pre-push")
    assert done.code == 0, done.said
    return tree


def test_the_hooks_are_described_as_a_client_wants_them(client, tmp_path):
    tree = Worktree(tmp_path / "folder", tmp_path)
    done = tree.run(client, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert done.code == 0, done.said


def test_every_hook_says_its_stages_and_calls_a_command_that_there_is():
    assert [hook["id"] for hook in HOOKS] == ["policy-check", "policy-check-all", "policy-lint"]
    for hook in HOOKS:
        assert hook["stages"]
        assert hook["require_serial"]
        assert hook["language"] == "python"
        assert hook["entry"].startswith("policy ")


def test_a_blocked_commit_is_refused_with_its_reasons(repository):
    done = repository.commit({"a/ml-manifest.yaml": BAD})
    assert done.code == 1
    assert "block  bad  a/ml-manifest.yaml" in done.said
    assert "a/ml-manifest.yaml:3:11" in done.said
    assert repository.git("status", "--short") == "A  a/ml-manifest.yaml\n"


def test_a_compliant_commit_passes(repository):
    done = repository.commit({"a/ml-manifest.yaml": GOOD})
    assert done.code == 0
    assert "good" not in done.said


@pytest.mark.parametrize(
    "change", [{"a/ml-manifest.yaml": None}, {"a/ml-manifest.yaml": None, "b/ml-manifest.yaml": BAD}]
)
def test_a_manifest_that_is_deleted_or_moved_is_a_change(repository, change):
    repository.settle({"a/ml-manifest.yaml": BAD, "a/axolotl.yaml": AXOLOTL})
    done = repository.commit(change)
    assert done.code == 1
    assert "block  a/axolotl.yaml  a/axolotl.yaml  (no manifest)" in done.said
    assert ("b/ml-manifest.yaml" in done.said) == (len(change) == 2)


def test_an_untouched_project_is_not_judged(repository):
    repository.settle({"a/ml-manifest.yaml": BAD})
    done = repository.commit({"README.md": "text"})
    assert done.code == 0
    assert "bad" not in done.said


def test_flags_are_shown(repository):
    repository.settle({"policies/own/rag-only.yaml": RAG_ONLY.replace("block", "flag")})
    done = repository.commit({"a/ml-manifest.yaml": BAD})
    assert done.code == 0
    assert "flag[rag-only]" in done.said


def test_observe_never_refuses(repository):
    repository.settle({"policy.yaml": f"{SET}gates: {{commit: {{mode: observe}}}}\n"})
    assert repository.commit({"a/ml-manifest.yaml": BAD}).code == 0


@pytest.mark.parametrize(("staged", "kept", "code"), [(BAD, GOOD, 1), (GOOD, BAD, 0)])
def test_what_is_staged_counts(repository, staged, kept, code):
    repository.settle({"a/ml-manifest.yaml": "manifest: 1\nproject: old\n"})
    repository.stage({"a/ml-manifest.yaml": staged})
    repository.write({"a/ml-manifest.yaml": kept})
    assert repository.commit().code == code
    # What was not staged is there again.
    assert (repository.folder / "a/ml-manifest.yaml").read_text() == kept


@pytest.mark.parametrize("name", ["with space", "schön"])
def test_any_name_will_do(repository, name):
    assert repository.commit({f"{name}/ml-manifest.yaml": BAD}).code == 1


def test_the_first_commit_is_judged(repository):
    repository.environment["SKIP"] = "policy-lint"
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    assert repository.commit({"a/ml-manifest.yaml": BAD}).code == 1
    assert repository.commit({"a/ml-manifest.yaml": GOOD}).code == 0


def test_a_push_is_judged_whole(repository):
    repository.git("init", "--quiet", "--bare", "../remote.git")
    repository.git("remote", "add", "origin", "../remote.git")
    repository.settle({"a/ml-manifest.yaml": BAD})
    repository.settle({"README.md": "text"})
    done = repository.run("git", "push", "origin", "main")
    assert done.code == 1
    assert "block  bad  a/ml-manifest.yaml" in done.said
    assert "policy check of what is staged" not in done.said
    repository.settle({"a/ml-manifest.yaml": GOOD})
    assert repository.run("git", "push", "origin", "main").code == 0


def test_by_hand_every_project_is_judged(repository, client):
    repository.settle({"a/ml-manifest.yaml": BAD})
    done = repository.run(client, "run", "policy-check-all", "--hook-stage=manual", "--all-files")
    assert done.code == 1
    assert "block  bad  a/ml-manifest.yaml" in done.said


def test_policies_are_looked_at_for_those_who_write_them(repository):
    done = repository.commit({"policies/own/new.yaml": "policy: new\ntitle: New\nrequire: {data.rowz: 1}\n"})
    assert done.code == 1
    assert "policies/own/new.yaml:3:" in done.said
    done = repository.commit({"policies/own/new.yaml": None, "notes.yaml": "require: {data.rowz: 1}\n"})
    assert done.code == 0
