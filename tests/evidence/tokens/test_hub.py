from __future__ import annotations

import os
from pathlib import Path

import pytest

from policy.evidence.tokens.hub import find_cache, find_cached
from tests.evidence.tokens.conftest import COMMIT, OTHER_COMMIT, cache_commit


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "~/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x", "HF_HOME": "/h"}, "/h/hub"),
        ({"HF_HOME": "~/h"}, "~/h/hub"),
        ({"HF_HOME": "/h", "HF_HUB_CACHE": "/c"}, "/c"),
        ({"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/o"}, "/o"),
        ({"HF_HUB_CACHE": "/c", "HUGGINGFACE_HUB_CACHE": "/o"}, "/c"),
        ({"HF_HUB_CACHE": "", "HF_HOME": ""}, "~/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_the_library_keeps_it(environment, folder):
    assert find_cache(environment) == os.path.expanduser(folder)


def look(hub, revision="", model="acme/tiny", root="/nowhere"):
    found = find_cached(root, str(hub), model, revision)
    return (found.commit, found.doubt) if found else None


def test_the_branch_main_is_meant_where_no_revision_is_known(hub):
    cache_commit(hub, "acme/tiny", OTHER_COMMIT)
    found = find_cached("/nowhere", str(hub), "acme/tiny", "")
    assert found is not None
    assert (found.commit, found.doubt) == (COMMIT, "")
    assert found.path == str(hub / "models--acme--tiny" / "blobs" / COMMIT[::-1])


def test_the_revision_is_honoured(hub):
    cache_commit(hub, "acme/tiny", OTHER_COMMIT, "refs/pr/1")
    assert look(hub, OTHER_COMMIT) == (OTHER_COMMIT, "")
    assert look(hub, OTHER_COMMIT[:8]) == (OTHER_COMMIT, "")
    assert look(hub, "refs/pr/1") == (OTHER_COMMIT, "")
    assert look(hub, "main") == (COMMIT, "")


@pytest.mark.parametrize("revision", ["a" * 40, "v2", "../../../etc", "refs/../main", "", "x" * 500])
def test_another_revision_is_said(hub, revision):
    assert look(hub, revision) == (COMMIT, f"the project trains revision {revision[:12]}" if revision else "")


def test_an_only_commit_is_taken_without_a_branch(hub):
    (hub / "models--acme--tiny" / "refs" / "main").unlink()
    assert look(hub) == (COMMIT, "")
    cache_commit(hub, "acme/tiny", OTHER_COMMIT)
    assert look(hub) is None


@pytest.mark.parametrize(
    "model",
    [
        *("acme/other", "acme", "../acme/tiny", "acme/../tiny", "acme--tiny", "/acme/tiny", "acme/tiny/x", "", "."),
        *("acme/tiny\0", "acme/tiny\n", "ac me/tiny", "acme\\tiny", "~/tiny", "a" * 200),
    ],
)
def test_what_is_no_name_or_not_kept_is_not_found(hub, model):
    assert look(hub, model=model) is None


def test_a_model_without_an_organisation(hub):
    cache_commit(hub, "gpt2", OTHER_COMMIT, "main")
    assert look(hub, model="gpt2") == (OTHER_COMMIT, "")


@pytest.mark.parametrize("folder", ["relative", "", "/nowhere/at/all"])
def test_no_cache_holds_nothing(folder):
    assert find_cached("/", folder, "acme/tiny", "") is None


def test_a_link_out_of_the_cache_is_not_followed(hub, tmp_path):
    (tmp_path / "secret.json").write_text("{}")
    link = hub / "models--acme--tiny" / "snapshots" / COMMIT / "tokenizer.json"
    link.unlink()
    link.symlink_to(tmp_path / "secret.json")
    assert look(hub) is None


def test_a_branch_that_is_a_pipe_is_not_waited_for(hub):
    ref = hub / "models--acme--tiny" / "refs" / "main"
    ref.unlink()
    os.mkfifo(ref)
    assert look(hub) == (COMMIT, "")
    os.mkfifo(hub / "models--acme--tiny" / "refs" / "slow")
    assert look(hub, "slow") == (COMMIT, "the project trains revision slow")


def test_a_tokenizer_that_is_a_pipe_is_none(hub):
    file = hub / "models--acme--tiny" / "blobs" / COMMIT[::-1]
    file.unlink()
    os.mkfifo(file)
    assert look(hub) is None


def test_a_cache_in_the_repository_is_its_own_word(hub):
    assert look(hub, root=str(hub)) == (COMMIT, "the cache lies in the repository")
    assert look(hub, root=str(hub.parent)) == (COMMIT, "the cache lies in the repository")
    assert look(hub, root=str(hub)[:-1]) == (COMMIT, "")


@pytest.mark.parametrize("place", ["", "blobs", f"blobs/{COMMIT[::-1]}", "refs", f"snapshots/{COMMIT}"])
def test_what_others_can_write_to_is_doubted(hub, place):
    path = hub / "models--acme--tiny" / place
    path.chmod(path.stat().st_mode | 0o002)
    assert look(hub) == (COMMIT, "others can write to the cache")


def test_what_belongs_to_somebody_else_is_doubted(hub, monkeypatch):
    owner = Path(hub).stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert look(hub) == (COMMIT, "" if owner == 0 else "others can write to the cache")
