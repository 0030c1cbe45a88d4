"""The files of a spool: what is added is there whole, and is taken up in its order by one at a time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from policy.records.faults import LedgerError
from policy.records.spool_files import (
    BUSY,
    EMPTY,
    FREE,
    add_line,
    claimed,
    keep,
    list_files,
    seal,
    take_all,
    unseal,
    waits,
)

CLAIM = "import sys; from policy.records.spool_files import claimed\nwith claimed(sys.argv[1]) as state: print(state)"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "spool")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_lines_follow_each_other_and_one_that_was_torn(path):
    add_line(path, b"one\n")
    with open(path, "ab") as file:
        file.write(b"tor")
    add_line(path, b"two\n")
    assert read(path) == b"one\ntor\ntwo\n"
    assert os.stat(path).st_mode & 0o077 == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"\0 \n", "ü".encode()])
def test_what_is_sealed_is_whole(body):
    line = seal(body)
    assert unseal(line[:-1]) == body
    for changed in (line[1:-1], line[:-1] + b"x", b"", b" "):
        with pytest.raises(ValueError, match="torn or changed"):
            unseal(changed)


def test_it_is_taken_up_in_its_order_whatever_the_clock_says(path, monkeypatch):
    clock = iter([9, 9, 3, 10**18])
    monkeypatch.setattr("policy.records.spool_files.time.time_ns", lambda: next(clock))
    taken: list[str] = []
    for number in range(4):
        add_line(path, b"%d\n" % number)
        *before, last = take_all(path)
        assert before == taken
        taken.append(last)
    assert [read(one) for one in take_all(path)] == [b"0\n", b"1\n", b"2\n", b"3\n"]
    assert list_files(path) == [path, *taken]


def test_names_that_somebody_else_gave_are_in_nobodys_way(path):
    add_line(path, b"x\n")
    os.rename(path, f"{path}.ab12cd34.taken")
    add_line(path, b"y\n")
    assert len(take_all(path)) == 2


def test_one_process_at_a_time(path):
    def ask():
        return subprocess.run([sys.executable, "-c", CLAIM, path], capture_output=True, text=True, check=True).stdout

    assert (ask(), waits(path)) == (f"{EMPTY}\n", False)
    add_line(path, b"x\n")
    with claimed(path) as state:
        assert (state, ask(), waits(path)) == (FREE, f"{BUSY}\n", True)
    assert ask() == f"{FREE}\n"
    # What is taken up and not recorded waits on.
    (taken,) = take_all(path)
    assert (ask(), waits(path)) == (f"{FREE}\n", True)
    os.unlink(taken)
    assert os.listdir(os.path.dirname(path)) == []


def test_what_is_kept_twice_is_there_once(path):
    for _ in range(2):
        (problem,) = keep(f"{path}.1.refused", [(3, b"forged\n", "it is torn or changed")], path)
        assert "line 3 of the spool" in problem.message
    assert os.listdir(os.path.dirname(path)) == ["spool.1.refused"]
    assert read(f"{path}.1.refused") == b"forged\n"
    assert os.stat(f"{path}.1.refused").st_mode & 0o077 == 0


def test_where_nothing_can_be_written_that_is_a_fault(tmp_path):
    with pytest.raises(LedgerError) as caught:
        add_line(str(tmp_path / "missing" / "spool"), b"x\n")
    assert caught.value.kind == "unreachable"
