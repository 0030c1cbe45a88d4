"""The folder of entries under several processes at once, and without warning gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from policy.evidence.data import cache as module
from policy.evidence.data.cache import ObservationCache

# Writes and reads the same few entries as all others do; what it reads must be whole.
WORKER = """
import sys
from policy.evidence.data.cache import ObservationCache
folder, own, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cache, found = ObservationCache(folder), 0
for step in range(rounds):
    digest = f"{step % 7:064x}"
    cache.save_content("test", digest, {"step": step % 7, "text": "x" * (100 * (own + 1)), "length": 100 * (own + 1)})
    entry = cache.load_content("test", digest)
    if entry is not None:
        found += 1
        assert entry["step"] == step % 7, entry
        assert len(entry["text"]) == entry["length"], entry
print(found)
"""
ROUNDS = 400


def start(folder, own):
    command = [sys.executable, "-c", WORKER, str(folder), str(own), str(ROUNDS)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_at_once_read_whole_entries_only(tmp_path):
    running = [start(tmp_path / "data", own) for own in range(2)]
    ended = [(process.communicate(), process.returncode) for process in running]
    assert [(err, code) for (_, err), code in ended] == [("", 0)] * 2
    assert [int(out) for (out, _), _ in ended] == [ROUNDS] * 2
    # No part of an entry is left behind.
    assert len(list((tmp_path / "data").iterdir())) == 7
    assert all(file.suffix == ".json" and json.loads(file.read_text()) for file in (tmp_path / "data").iterdir())


def test_the_folder_can_go_at_any_time(tmp_path):
    folder = tmp_path / "data"
    running = [start(folder, own) for own in range(2)]
    while any(process.poll() is None for process in running):
        for name in os.listdir(folder) if folder.exists() else ():
            (folder / name).unlink(missing_ok=True)
        try:
            folder.rmdir()
        except OSError:
            continue
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert ended == [("", 0)] * 2


def test_two_that_have_one_number_do_not_share_a_file(tmp_path, monkeypatch):
    # As in two containers with one folder.
    monkeypatch.setattr(os, "getpid", lambda: 7)
    names = []
    replace = os.replace

    def note(source, target):
        names.append(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", note)
    cache = ObservationCache(str(tmp_path))
    for _ in range(2):
        cache.save_content("test", "0", {"rows": 1})
    assert len(set(names)) == 2


def test_an_entry_is_found_by_its_content_and_kind_only(tmp_path, monkeypatch):
    cache = ObservationCache(str(tmp_path))
    cache.save_content("test", "a" * 64, {"rows": 1})
    assert cache.load_content("test", "a" * 64) == {"rows": 1}
    assert cache.load_content("test", "b" * 64) is None
    assert cache.load_content("other", "a" * 64) is None
    monkeypatch.setattr(module, "_EDITION", "another version")
    assert cache.load_content("test", "a" * 64) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"entry": 1}', b"\xff", b"[" * 20_000])
def test_what_is_no_entry_is_none(tmp_path, content):
    cache = ObservationCache(str(tmp_path))
    cache.save_content("test", "0", {"rows": 1})
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert cache.load_content("test", "0") is None
