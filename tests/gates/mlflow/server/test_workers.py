"""The folder that workers share: who has it, what is left in it, and when it goes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

import pytest

from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server import app, awaiting, workers

pytest.importorskip("fcntl", reason="locks of files are those of POSIX")

WORK = """
import multiprocessing, sys
multiprocessing.parent_process = lambda: "uvicorn"
from policy.gates.mlflow.server import workers
print(workers.share_folder(), workers.is_served(), flush=True)
if "serve" in sys.argv:
    workers.note_serving(None)
    print("serving", flush=True)
sys.stdin.read()
"""


class Worker:
    """A process of its own that is one, until its input ends."""

    def __init__(self, folder, *serve):
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", WORK, *serve],
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.path, self.served = self.read().split(" ")
        if serve:
            assert self.read() == "serving"

    def read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def end(self, *, kill=False):
        if kill:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def name_folder(folder, parent):
    return folder / f"{workers.PREFIX}{os.getuid()}-{parent}"


def test_workers_share_a_folder_until_the_last_one_has_ended(folder):
    first, second = Worker(folder, "serve"), Worker(folder)
    shared = name_folder(folder, os.getpid())
    assert (first.path, second.path) == (str(shared), str(shared))
    assert (first.served, second.served) == ("False", "True")
    (shared / "counter_1.db").write_bytes(b"x")
    first.end(kill=True)
    third = Worker(folder, "serve")
    assert (third.served, (shared / "counter_1.db").exists()) == ("False", True)
    second.end()
    third.end()
    assert not shared.exists()


def test_what_is_left_of_others_is_removed_and_what_is_in_use_stays(folder):
    stale, foreign = name_folder(folder, 999_999_999), folder / "policy-server-other-1"
    for left in (stale, foreign, name_folder(folder, os.getpid())):
        left.mkdir(mode=0o700)
        (left / "counter_1.db").write_bytes(b"of another server")
    used = name_folder(folder, 999_999_998)
    assert workers.join_folder(str(used))
    (used / "counter_1.db").write_bytes(b"x")
    worker = Worker(folder)
    assert not stale.exists()
    assert (foreign / "counter_1.db").exists()
    assert (used / "counter_1.db").exists()
    # The same number of a parent, and nothing of what an earlier one counted.
    assert sorted(os.listdir(worker.path)) == [workers.ALIVE, workers.SERVING]
    worker.end()
    os.close(workers._held.pop())


@pytest.mark.parametrize("bad", ["open", "link", "file"])
def test_a_folder_that_somebody_else_could_write_to_is_not_used(folder, bad):
    path, target = name_folder(folder, os.getpid()), folder / "target"
    if bad == "file":
        path.write_text("x")
    elif bad == "link":
        target.mkdir()
        path.symlink_to(target)
    else:
        path.mkdir()
        path.chmod(0o777)
    worker = Worker(folder, "serve")
    assert (worker.path, worker.served) == ("", "False")
    worker.end()
    assert os.path.lexists(path)
    assert not target.exists() or not os.listdir(target)


def test_one_that_works_alone_has_none_and_is_served_by_nobody_else(folder):
    assert workers.share_folder() == ""
    assert not workers.is_served()
    workers.note_serving(SimpleNamespace())
    assert os.listdir(folder) == []


def fail(*_):
    raise PolicyError(Problem("the policies are broken", "mend them"))


def test_a_worker_waits_as_long_as_others_serve(monkeypatch, caplog):
    served = [True, True, True, False]
    slept: list[float] = []
    monkeypatch.setattr(awaiting, "is_served", lambda: served.pop(0))
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(PolicyError):
        awaiting.await_start(fail)
    assert slept == [awaiting.AGAIN] * 3
    assert [record.message for record in caplog.records if "broken" in record.message] == [caplog.records[0].message]


def test_it_starts_once_it_can_and_ends_with_its_parent(monkeypatch):
    tries = iter([fail, fail, lambda: "started"])
    monkeypatch.setattr(awaiting, "is_served", lambda: True)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert awaiting.await_start(lambda: next(tries)())  # noqa: PLW0108 - the next one each time == "started"
    parents = [1, 1, 2]
    monkeypatch.setattr(os, "getppid", lambda: parents.pop(0))
    with pytest.raises(SystemExit) as ended:
        awaiting.await_start(fail)
    assert (ended.value.code, parents) == (2, [])


@pytest.mark.parametrize(
    ("gunicorn", "served", "code"), [(False, True, 2), (False, False, 2), (True, True, 2), (True, False, 3)]
)
def test_a_server_ends_only_where_no_worker_serves(monkeypatch, capsys, gunicorn, served, code):
    killed = []
    monkeypatch.setattr("multiprocessing.parent_process", lambda: None if gunicorn else "uvicorn")
    monkeypatch.setattr(sys, "modules", {**sys.modules, **({"gunicorn": None} if gunicorn else {})})
    monkeypatch.setattr(workers, "leave_folder", lambda: None)
    monkeypatch.setattr(workers, "is_served", lambda: served)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(os, "kill", lambda *given: killed.append(given))
    with pytest.raises(SystemExit) as ended:
        app.refuse_start(PolicyError(Problem("it is broken: https://ada:s3cret@h", "mend it")))
    assert (bool(killed), ended.value.code) == (not served and not gunicorn, code)
    assert "error: it is broken: https://***@h\n  help: mend it" in capsys.readouterr().err


def test_a_worker_learns_from_another_which_ledger_is_at_an_address(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "share_folder", lambda: str(tmp_path))
    assert workers.recall_ledger("sqlite:///a.db") == ""
    workers.share_ledger("sqlite:///a.db", "0a" * 16)
    workers.share_ledger("postgresql:///\udcff", "0b" * 16)
    assert workers.recall_ledger("sqlite:///a.db") == "0a" * 16
    assert workers.recall_ledger("postgresql:///\udcff") == "0b" * 16
    assert workers.recall_ledger("sqlite:///b.db") == ""


@pytest.mark.parametrize("written", [b"", b"\xff" * 32, b"0a" * 15, b"0a" * 40, b"0A" * 16])
def test_what_is_no_id_of_a_ledger_is_none(tmp_path, monkeypatch, written):
    monkeypatch.setattr(workers, "share_folder", lambda: str(tmp_path))
    workers.share_ledger("sqlite:///a.db", "0a" * 16)
    (file,) = tmp_path.iterdir()
    file.write_bytes(written)
    assert workers.recall_ledger("sqlite:///a.db") == ""


def test_who_works_alone_shares_nothing(monkeypatch):
    monkeypatch.setattr(workers, "share_folder", lambda: "")
    workers.share_ledger("sqlite:///a.db", "0a" * 16)
    assert workers.recall_ledger("sqlite:///a.db") == ""
