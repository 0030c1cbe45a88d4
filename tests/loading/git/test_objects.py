from __future__ import annotations

import pytest

from policy.loading.git import objects
from policy.loading.git.commands import GitError
from policy.loading.git.objects import MissingObjectError, ObjectReader
from tests.loading.conftest import git


@pytest.fixture
def root(repository):
    return repository({"a": "one\n", "empty": "", "binary": b"\0\n\xff" * 1000, "f/b": "two"})


def name(root, revision):
    return git(root, "rev-parse", revision).strip()


def test_one_after_the_other(root):
    with ObjectReader(str(root)) as reader:
        for file in ("a", "empty", "binary", "f/b", "a"):
            assert reader.read(name(root, f"HEAD:{file}")) == ("blob", (root / file).read_bytes())
        assert reader.read(name(root, "HEAD")).kind == "commit"
        assert reader.read(name(root, "HEAD:f")).kind == "tree"


def test_what_is_missing_is_said_and_the_next_is_read(root):
    with ObjectReader(str(root)) as reader:
        with pytest.raises(MissingObjectError, match="1111 is not in this clone"):
            reader.read("1" * 40)
        assert reader.read(name(root, "HEAD:a")).data == b"one\n"


def test_too_much_is_not_kept_and_the_next_is_read(root, monkeypatch):
    monkeypatch.setattr(objects, "MOST_BYTES", 100)
    with ObjectReader(str(root)) as reader:
        with pytest.raises(GitError, match="more than 100 bytes"):
            reader.read(name(root, "HEAD:binary"))
        assert reader.read(name(root, "HEAD:a")).data == b"one\n"


def test_outside_of_a_repository(tmp_path):
    with ObjectReader(str(tmp_path)) as reader, pytest.raises(GitError):
        reader.read("1" * 40)


def test_a_replacement_replaces_nothing(root):
    before = name(root, "HEAD:a")
    git(root, "replace", before, name(root, "HEAD:f/b"))
    with ObjectReader(str(root)) as reader:
        assert reader.read(before).data == b"one\n"


def test_nobody_asks_and_nothing_starts(root):
    with ObjectReader(str(root)) as reader:
        pass
    assert reader._process is None
