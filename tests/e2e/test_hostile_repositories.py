"""A repository whose configuration is out to run something, or to hide something."""

from __future__ import annotations

import os
import subprocess

import pytest

GOOD = "manifest: 1\nproject: good\napproach: rag\nsystem: {risk: minimal}\n"


@pytest.fixture
def repository(plant, tmp_path):
    plant({"ml-manifest.yaml": GOOD, ".gitattributes": "* filter=x diff=x merge=x\n"})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    # As if the index were out of date, so that git has a reason to look at the files again.
    os.utime(tmp_path / "ml-manifest.yaml", (0, 0))
    return tmp_path


PROGRAMS = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.x.textconv",
    "filter.x.clean",
    "filter.x.smudge",
    "filter.x.process",
    "credential.helper",
    "uploadpack.packObjectsHook",
)


def test_nothing_that_its_configuration_names_is_run(repository, policy):
    mark = repository / "pwned"
    hooks = repository / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    settings = [*((name, f"touch {mark};") for name in PROGRAMS), ("core.hooksPath", str(hooks))]
    settings += [(f"alias.{name}", f"!touch {mark}") for name in ("ls-files", "rev-parse", "status")]
    for name, value in settings:
        subprocess.run(["git", "-C", str(repository), "config", name, value], check=True)
    result = policy("check")
    assert not mark.exists()
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.code == 0


@pytest.mark.parametrize(
    "config", ["garbage", "[include]\n\tpath = /dev/zero\n", "[core]\n\trepositoryformatversion = 99\n"]
)
def test_a_configuration_that_git_refuses_hides_nothing(config, repository, policy):
    (repository / ".git/config").write_text(config)
    result = policy("check")
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.code == 0


@pytest.mark.parametrize("git", ["gitdir: /nowhere\n", "", "gitdir: .\n"])
def test_a_git_file_that_leads_nowhere_hides_nothing(git, plant, policy):
    plant({".git": git, "ml-manifest.yaml": GOOD})
    result = policy("check")
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.headlines[0].startswith("warning: git cannot list the files of this repository")
    assert result.code == 0
