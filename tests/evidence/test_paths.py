from __future__ import annotations

import os

import pytest

from policy.evidence.paths import UnreadablePathError, confine, find_entry, is_missing


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "repository"
    (root / "data").mkdir(parents=True)
    (root / "data" / "train.jsonl").write_text("{}")
    return root


def test_a_file_inside_is_found(root):
    assert confine(str(root), "data/train.jsonl") == os.path.realpath(root / "data" / "train.jsonl")
    assert confine(str(root), "data/../data/./train.jsonl") == confine(str(root), "data/train.jsonl")


def test_a_link_that_stays_inside_is_followed(root):
    (root / "link.jsonl").symlink_to("data/train.jsonl")
    assert confine(str(root), "link.jsonl") == confine(str(root), "data/train.jsonl")


def test_a_root_that_is_a_link_is_no_way_out(root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    assert confine(str(tmp_path / "alias"), "data/train.jsonl") == confine(str(root), "data/train.jsonl")


@pytest.mark.parametrize(
    ("relative", "message"),
    [
        ("../secret.txt", "outside the repository"),
        ("..", "outside the repository"),
        ("data/../../secret.txt", "outside the repository"),
        ("/etc/passwd", "absolute path"),
        ("data", "is a folder"),
        (".", "is a folder"),
        ("data/\0", "NUL"),
        ("out.jsonl", "symbolic link"),
        ("dangling.jsonl", "symbolic link"),
        ("out/secret.txt", "symbolic link"),
        ("pipe", "pipe, socket or device"),
    ],
)
def test_refused(root, relative, message):
    (root / "out.jsonl").symlink_to("../secret.txt")
    (root / "dangling.jsonl").symlink_to("../nowhere/file")
    (root / "out").symlink_to("..")
    os.mkfifo(root / "pipe")
    with pytest.raises(UnreadablePathError, match=message) as caught:
        confine(str(root), relative)
    assert caught.value.refused
    assert caught.value.problem.level == "error"
    assert caught.value.problem.remedy


@pytest.mark.parametrize("relative", ["missing.jsonl", "data/train.jsonl/inner", "dead", "loop", "x" * 5000])
def test_unavailable(root, relative):
    (root / "dead").symlink_to("missing.jsonl")
    (root / "loop").symlink_to("loop")
    with pytest.raises(UnreadablePathError) as caught:
        confine(str(root), relative)
    assert not caught.value.refused
    assert caught.value.problem.level == "warning"


def test_a_file_that_may_not_be_read_is_unavailable(root, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UnreadablePathError, match="may not be read") as caught:
        confine(str(root), "data/train.jsonl")
    assert not caught.value.refused


def test_a_sibling_with_the_same_beginning_is_outside(root, tmp_path):
    (tmp_path / "repository-2").mkdir()
    (tmp_path / "repository-2" / "file").write_text("")
    (root / "link").symlink_to("../repository-2/file")
    with pytest.raises(UnreadablePathError, match="symbolic link"):
        confine(str(root), "link")


def test_what_is_at_a_path(root):
    assert find_entry(str(root), "data") == "folder"
    assert find_entry(str(root), "data/train.jsonl") == "file"
    assert find_entry(str(root), "missing") is None
    assert find_entry(str(root), "../secret.txt") is None
    assert find_entry(str(root), "s3://bucket/file") is None
    assert find_entry(str(root), "x\ud800") is None


def test_what_nobody_may_look_at_is_not_missing(root, monkeypatch):
    (root / "dead").symlink_to("missing.jsonl")
    (root / "loop").symlink_to("loop")
    missing = ("missing.jsonl", "dead", "data/train.jsonl/inner", "a\0b")
    assert all(is_missing(str(root / name)) for name in missing)
    assert not any(is_missing(str(root / name)) for name in ("data", "data/train.jsonl", "loop", "x" * 5000))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as context:
        context.setattr(os, "stat", refuse)
        assert not is_missing(str(root / "missing.jsonl"))
