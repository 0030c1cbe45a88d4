"""What a scan found is kept between runs: found again by the content, and never with what was found."""

from __future__ import annotations

import json
import os

import pytest

from policy.evidence.data import cache as cache_module
from policy.evidence.data import contents
from policy.evidence.scan import kept
from policy.evidence.scan.files import scan_file
from policy.evidence.scan.kept import scan_once
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
from tests.evidence.scan.plants import PERSONAL
from tests.evidence.scan.plants import SECRETS as PLANTED

FAMILIES = (SECRETS, PERSONAL_DATA)
KEY, EMAIL = PLANTED["github-token"][0], PERSONAL["email"][0]
TEXT = f"{KEY}\n{EMAIL} and {EMAIL}\n" + f"{EMAIL}\n" * 20


@pytest.fixture
def folder(tmp_path_factory, monkeypatch):
    """Where entries are kept, also those of small files."""
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    monkeypatch.setenv("POLICY_CACHE_DIR", str(folder))
    monkeypatch.delenv("POLICY_CACHE", raising=False)
    monkeypatch.setattr(contents, "WORTH_KEEPING", 0)
    monkeypatch.setattr(cache_module, "SETTLED_SECONDS", 0)
    return folder / "data"


@pytest.fixture
def scanned(monkeypatch):
    """The files that are really scanned."""
    names = []

    def note(path, families):
        names.append(os.path.basename(path))
        return scan_file(path, families)

    monkeypatch.setattr(kept, "scan_file", note)
    return names


@pytest.fixture
def scan(tmp_path):
    return lambda name="a.txt": scan_once(str(tmp_path), str(tmp_path / name), FAMILIES)


@pytest.mark.usefixtures("folder")
def test_a_content_is_scanned_once_wherever_it_lies(scan, scanned, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    first = scan()
    assert first.findings["personal_data"].counts == {"email": 22}
    assert scan() == first
    (tmp_path / "b.txt").write_text(TEXT)
    assert scan("b.txt") == first
    os.utime(tmp_path / "a.txt", (1, 1))
    assert scan() == first
    assert scanned == ["a.txt"]


@pytest.mark.usefixtures("folder")
def test_another_content_is_scanned(scan, scanned, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    scan()
    status = (tmp_path / "a.txt").stat()
    (tmp_path / "a.txt").write_text(TEXT.replace(KEY, "x" * len(KEY)))
    os.utime(tmp_path / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scan().findings["secrets"].total == 0
    assert scanned == ["a.txt", "a.txt"]


def test_entries_hold_nothing_of_what_was_found(scan, folder, tmp_path):
    every = [value for values in (*PLANTED.values(), *PERSONAL.values()) for value in values]
    (tmp_path / "a.txt").write_text("\n".join(every), encoding="utf-8")
    assert scan().findings["secrets"].total > 5
    entries = [file.read_text() for file in folder.iterdir()]
    assert len(entries) == 2
    for entry in entries:
        assert not [value for value in every if value in entry]
        assert str(tmp_path) not in entry
    (found,) = (json.loads(entry) for entry in entries if "secrets" in entry)
    assert found.keys() == {"entry", "secrets", "personal_data"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


@pytest.mark.usefixtures("folder")
def test_other_detectors_scan_again(scan, scanned, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(TEXT)
    scan()
    monkeypatch.setattr(contents, "digest_code", lambda _: "another digest")
    scan()
    assert scanned == ["a.txt", "a.txt"]
    # Where the code cannot be read, nothing is kept.
    monkeypatch.setattr(contents, "digest_code", lambda _: "")
    scan()
    scan()
    assert len(scanned) == 4


def test_the_digest_is_that_of_the_code(tmp_path):
    contents.digest_code.cache_clear()
    (tmp_path / "a.py").write_text("one")
    first = contents.digest_code(str(tmp_path))
    contents.digest_code.cache_clear()
    (tmp_path / "notes.txt").write_text("no code")
    assert contents.digest_code(str(tmp_path)) == first
    contents.digest_code.cache_clear()
    (tmp_path / "a.py").write_text("two")
    assert contents.digest_code(str(tmp_path)) != first
    assert contents.digest_code(str(tmp_path / "none")) == ""


@pytest.mark.usefixtures("folder")
def test_a_small_file_and_one_that_is_not_text_are_not_kept(scan, scanned, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"BZh" + b"x" * 100)
    assert scan().reason == scan().reason != ""
    monkeypatch.setattr(contents, "WORTH_KEEPING", 10**6)
    (tmp_path / "a.txt").write_text(TEXT)
    scan()
    scan()
    assert len(scanned) == 4


def spoil(**changes):
    return lambda entry: {**entry, **changes}


@pytest.mark.parametrize(
    "change",
    [
        spoil(secrets=""),
        spoil(secrets="[]"),
        spoil(secrets="[{}, [], []]"),
        spoil(secrets="[" * 9000),
        spoil(secrets=5),
        spoil(secrets='[{"github-token": -1}, []]'),
        spoil(secrets='[{"github-token": true}, [["github-token", 1, 1, 0]]]'),
        spoil(secrets='[{"github-token": "1"}, []]'),
        spoil(secrets='[{"github-token": 1}, []]'),
        spoil(secrets='[{}, [["github-token", 1, 1, 0]]]'),
        spoil(secrets='[{"github-token": 1}, [["slack-token", 1, 1, 0]]]'),
        spoil(secrets='[{"github-token": 1}, [["github-token", 1, 1]]]'),
        spoil(secrets='[{"github-token": 1}, [["github-token", 1, 1, -5]]]'),
        spoil(secrets='[{"ghp_a value": 1}, [["ghp_a value", 1, 1, 0]]]'),
        lambda entry: {name: value for name, value in entry.items() if name != "personal_data"},
    ],
)
def test_an_entry_that_nobody_can_have_written_is_passed_over(scan, scanned, folder, tmp_path, change):
    (tmp_path / "a.txt").write_text(TEXT)
    first = scan()
    for file in folder.iterdir():
        entry = json.loads(file.read_text())
        if "secrets" in entry:
            file.write_text(json.dumps(change(entry)))
    assert scan() == first
    assert scanned == ["a.txt", "a.txt"]
