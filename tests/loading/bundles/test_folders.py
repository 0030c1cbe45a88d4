from __future__ import annotations

import os

import pytest

from policy.errors import PolicyError
from policy.loading.bundles import folders
from policy.loading.bundles.content import LARGEST_FILE
from policy.loading.bundles.folders import read_folder
from tests.loading.bundles.conftest import FILES


@pytest.fixture
def folder(write):
    return write({f"org/{path}": data for path, data in FILES.items()}) / "org"


def make_link(path):
    path.symlink_to("/etc/passwd")


def make_folder_link(path):
    path.symlink_to("/etc")


def make_large(path):
    path.write_bytes(b"\0" * (LARGEST_FILE + 1))


def write_one(path):
    path.write_text("x")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a", make_link, "`policies/a` is a link"),
        ("a", make_folder_link, "`policies/a` is a link"),
        ("a", os.mkfifo, "`policies/a` is no regular file"),
        ("a", make_large, "`policies/a` is larger than 4 MiB"),
        ("a:b", write_one, "`policies/a:b` holds a character"),
        ("con.yaml", write_one, "`policies/con.yaml` is a name that not every system can hold"),
        ("One", write_one, "`policies/one` beside `policies/One` would be one name"),
        ("b\\c", write_one, "`policies/b\\c` holds a character"),
        ("e\u0301", write_one, "normal form C"),
        (os.fsdecode(b"\xff"), write_one, "is not UTF-8"),
    ],
)
def test_what_no_bundle_holds(folder, name, make, message):
    make(folder / "policies" / name)
    with pytest.raises(PolicyError) as refusal:
        read_folder(str(folder), "org")
    assert message in refusal.value.problems[0].message
    assert all("`org`" in problem.message and problem.remedy for problem in refusal.value.problems)


def test_all_faults_are_said_at_once(folder):
    for name in ("a", "b"):
        (folder / name).symlink_to("x")
    with pytest.raises(PolicyError) as refusal:
        read_folder(str(folder), "org")
    assert [problem.message[-13:] for problem in refusal.value.problems] == ["`a` is a link", "`b` is a link"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder):
    (folder / "policy.yaml").chmod(0)
    with pytest.raises(PolicyError, match="may not be read"):
        read_folder(str(folder), "org")


def test_a_folder_that_cannot_be_looked_into(folder):
    with pytest.raises(PolicyError, match="cannot be looked into: No such file"):
        read_folder(str(folder / "none"), "org")


def test_no_tree_is_too_deep_or_too_full(folder, monkeypatch):
    path = folder
    for _ in range(60):
        path = path / "d"
        path.mkdir()
    (path / "x").write_text("x")
    with pytest.raises(PolicyError, match="too long, or too deep"):
        read_folder(str(folder), "org")
    monkeypatch.setattr(folders, "MOST_FILES", 1)
    with pytest.raises(PolicyError):
        read_folder(str(folder), "org")
