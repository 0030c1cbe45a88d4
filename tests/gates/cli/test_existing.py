"""What a file that is there shows itself to be."""

from __future__ import annotations

import os
import sqlite3

import pytest

from policy.gates.cli.existing import find_kind
from policy.records.checkpoints import join_log
from policy.records.spool_files import seal
from tests.records.test_checkpoints import make_note

KEY = "tunegate/a/b+0a1b2c3d+AbuRz+F9jTIfmTvWn7IVhe9uKLG8Cr1CDcSXzWNRWh9l\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (f"PRIVATE+KEY+{KEY}", "a private key"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n", "a private key"),
        ("-----BEGIN EC PRIVATE KEY-----\nMC4C\n", "a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nMC4C\n", "a private key"),
        (make_note(12), "a log of checkpoints"),
        (join_log([make_note(12)] * 500), "a log of checkpoints"),
        (KEY, "a file of keys"),
        (f"# those that we trust\n\n{KEY}", "a file of keys"),
        (KEY.strip() + " until 4\n", "a file of keys"),
        (seal(b"{}").decode(), "the spool of a ledger"),
        ("", ""),
        ("{}", ""),
        ("# Policies\n\n3 allowed\n\n— the end\n", ""),
        ("a report\n12\nof something\n\n— me\n", ""),
        ("-----BEGIN PUBLIC KEY-----\nMC4C\n", ""),
        ("<!doctype html>\n<p>SQLite format 3\n", ""),
        ("allow a+b\n", ""),
    ],
)
def test_by_how_it_begins(content, kind, tmp_path):
    file = tmp_path / "x.txt"
    file.write_text(content)
    assert find_kind(str(file)) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ml-manifest.yaml", "a manifest"),
        ("policy.yaml", "a policy set"),
        ("pyproject.toml", "the settings of a project"),
        ("my-policy.yaml", ""),
    ],
)
def test_by_its_name_where_it_is_there(name, kind, tmp_path):
    assert find_kind(str(tmp_path / name)) == ""
    (tmp_path / name).touch()
    (tmp_path / "report").symlink_to(name)
    assert find_kind(str(tmp_path / name)) == find_kind(str(tmp_path / "report")) == kind


def test_a_database_and_what_lies_beside_it(tmp_path):
    place = tmp_path / "some.data"
    with sqlite3.connect(place) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE a (b)")
        database.commit()
        assert find_kind(f"{place}-wal") == "a part of a database"
        os.rename(f"{place}-wal", tmp_path / "else")
        assert find_kind(str(tmp_path / "else")) == "a part of a database"
    database.close()
    assert find_kind(str(place)) == "a database"
    for ending in ("-wal", "-shm", "-journal"):
        (tmp_path / f"some.data{ending}").write_text("")
        (tmp_path / f"other{ending}").write_text("")
        assert find_kind(f"{place}{ending}") == "a part of a database"
        assert find_kind(str(tmp_path / f"other{ending}")) == ""


def test_what_is_no_file_is_nothing(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("gone")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nowhere", tmp_path / "gone" / "x", "/dev/null"):
        assert find_kind(str(path)) == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_may_be_anything(tmp_path):
    (tmp_path / "x").touch(mode=0)
    assert find_kind(str(tmp_path / "x")) == "a file that cannot be read here"
