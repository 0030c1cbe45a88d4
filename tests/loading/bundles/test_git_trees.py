from __future__ import annotations

import os
import subprocess

import pytest

from policy.errors import PolicyError
from policy.loading.bundles.content import LARGEST_FILE
from policy.loading.bundles.fetching import fetch_files
from policy.loading.bundles.reference import read_unpinned
from tests.loading.bundles.conftest import FILES
from tests.loading.conftest import git


@pytest.fixture
def origin(write):
    """A repository elsewhere with the files in a folder, and a commit after them."""

    def make(more=None):
        root = write({f"origin/org/{path}": data for path, data in FILES.items()} | (more or {})) / "origin"
        git(root, "init", "--quiet")
        git(root, "add", "--all", "--force")
        git(root, "commit", "--quiet", "--message=first")
        git(root, "commit", "--quiet", "--allow-empty", "--message=later")
        return root

    return make


def name(root, commit, subdirectory="org"):
    return read_unpinned(f"git+file://{root}@{commit}#subdirectory={subdirectory}")


def test_a_commit_that_is_no_tip(origin):
    root = origin()
    first = git(root, "rev-parse", "HEAD~1").strip()
    assert fetch_files(name(root, first)) == FILES
    assert fetch_files(read_unpinned(f"git+file://{root}@{first}")) == {f"org/{key}": FILES[key] for key in FILES}


def test_neither_attributes_nor_line_ends_change_what_was_committed(origin):
    attributes = "* text eol=crlf ident\npolicies export-ignore\n*.yaml filter=lfs\n"
    root = origin({"origin/org/.gitattributes": attributes, "origin/.gitattributes": attributes})
    assert fetch_files(name(root, git(root, "rev-parse", "HEAD").strip())) == FILES


def test_nothing_that_a_configuration_names_runs(origin, tmp_path, monkeypatch):
    root = origin()
    said = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    script = f"#!/bin/sh\ntouch {said}\n"
    for hook in ("post-checkout", "reference-transaction", "post-merge", "fsmonitor"):
        (hooks / hook).write_text(script)
        (hooks / hook).chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[core]\nhooksPath = {hooks}\nfsmonitor = {hooks}/fsmonitor\n[init]\ntemplateDir = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert fetch_files(name(root, git(root, "rev-parse", "HEAD").strip())) == FILES
    assert not said.exists()


def test_a_hook_around_it_does_not_matter(origin, tmp_path, monkeypatch):
    root = origin()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    commit = subprocess.run(["git", "-C", root, "--git-dir=.git", "rev-parse", "HEAD"], capture_output=True, check=True)
    assert fetch_files(name(root, commit.stdout.decode().strip())) == FILES


def test_a_sha256_repository(write):
    root = write({f"origin/org/{path}": data for path, data in FILES.items()}) / "origin"
    git(root, "init", "--quiet", "--object-format=sha256")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=first")
    commit = git(root, "rev-parse", "HEAD").strip()
    assert len(commit) == 64
    assert fetch_files(name(root, commit)) == FILES


def test_a_submodule_is_no_part(origin):
    root = origin()
    other = git(root, "rev-parse", "HEAD").strip()
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{other},org/module")
    git(root, "commit", "--quiet", "--message=module")
    assert fetch_files(name(root, git(root, "rev-parse", "HEAD").strip())) == FILES


def test_what_is_too_large_is_not_even_sent(origin):
    root = origin({"origin/org/large": b"\0" * (LARGEST_FILE + 2), "origin/more": b"\0" * (LARGEST_FILE + 2)})
    git(root, "config", "uploadpack.allowFilter", "true")
    commit = git(root, "rev-parse", "HEAD").strip()
    with pytest.raises(PolicyError, match="`large` is larger than 4 MiB, or missing"):
        fetch_files(name(root, commit))
    (root / "org" / "large").unlink()
    git(root, "commit", "--quiet", "--all", "--message=smaller")
    assert fetch_files(name(root, git(root, "rev-parse", "HEAD").strip())) == FILES


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"origin/org/large": b"\0" * (LARGEST_FILE + 2)}, "`large` is larger than 4 MiB"),
        ({"origin/org/a/CON": "x"}, "`a/CON` is a name that not every system can hold"),
        ({"origin/org/Policy.yaml": "x"}, "would be one name on some systems"),
    ],
)
def test_what_no_bundle_holds(origin, files, message):
    root = origin(files)
    with pytest.raises(PolicyError) as refusal:
        fetch_files(name(root, git(root, "rev-parse", "HEAD").strip()))
    assert message in refusal.value.problems[0].message


def test_a_link_is_refused(origin):
    root = origin()
    (root / "org" / "link").symlink_to("/etc/passwd")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=link")
    with pytest.raises(PolicyError, match="the bundle `origin`: `link` is a link"):
        fetch_files(name(root, git(root, "rev-parse", "HEAD").strip()))


@pytest.mark.parametrize(
    ("commit", "subdirectory", "message"),
    [
        ("1" * 40, "org", "was not fetched at 1111111111111111111111111111111111111111: "),
        ("HEAD", "none", "the bundle `origin` holds no files"),
    ],
)
def test_a_commit_that_is_not_there(origin, commit, subdirectory, message):
    root = origin()
    named = commit if commit.isdigit() else git(root, "rev-parse", commit).strip()
    with pytest.raises(PolicyError) as refusal:
        fetch_files(name(root, named, subdirectory))
    assert message in refusal.value.problems[0].message


def test_no_repository_is_there(tmp_path):
    with pytest.raises(PolicyError, match="does not appear to be a git repository"):
        fetch_files(name(tmp_path / "none", "1" * 40))


def test_git_is_not_installed(origin, monkeypatch):
    root = origin()
    commit = git(root, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(PolicyError, match="git is not installed"):
        fetch_files(name(root, commit))
