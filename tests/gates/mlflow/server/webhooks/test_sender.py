"""The thread: it begins in the process that serves, goes on after faults, and ends with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.webhooks.rounds import Round
from policy.gates.mlflow.server.webhooks.sender import Sender
from policy.gates.mlflow.server.webhooks.starting import start_webhooks
from policy.records.notices import making, sending
from tests.gates.mlflow.server.webhooks.conftest import hold
from tests.records.notices.made import list_states


@pytest.fixture
def sender(api):
    made = Sender(api.guard, pause=0.01)
    yield made
    made.stop()


def list_threads():
    return [thread for thread in threading.enumerate() if thread.name == "policy-webhooks"]


def wait_for(happened):
    """For as long as no machine is slow; a failure ends it, too."""
    waiting, ends = threading.Event(), time.monotonic() + 300
    while not happened() and time.monotonic() < ends:
        waiting.wait(0.01)
    assert happened()


def test_it_tells_what_happens_and_ends(api, sender, receiver):
    sender.start()
    assert len(list_threads()) == 1
    assert all(thread.daemon for thread in list_threads())
    hold(api)
    wait_for(lambda: receiver.got)
    assert receiver.events == ["opened"]
    sender.stop()
    assert list_threads() == []


def test_it_begins_once_however_often_it_is_asked(sender):
    for _ in range(3):
        sender.start()
    assert len(list_threads()) == 1


def test_what_happens_from_its_start_on_is_told(api, sender, receiver):
    # Also what happens before the thread has looked for the first time.
    sender.round.run = lambda _: None
    sender.start()
    (webhook,) = api.guard.panel.settings.webhooks
    assert webhook.id in making.list_marks(api.guard.ledger)
    assert receiver.got == []


@pytest.mark.parametrize("fault", [PolicyError(Problem("the disk is full", "empty it")), RuntimeError("a mistake")])
def test_it_goes_on_after_a_fault(api, sender, receiver, caplog, fault):
    run, faults = sender.round.run, [fault] * 3

    def fail(is_over):
        if faults:
            raise faults.pop()
        run(is_over)

    sender.round.run = fail
    sender.start()
    hold(api)
    wait_for(lambda: receiver.got)
    said = [record for record in caplog.records if "told" in record.message and record.levelname == "ERROR"]
    # What lasts is said once; what nobody foresaw is said each time, with where it was.
    assert len(said) == (1 if isinstance(fault, PolicyError) else 3)
    assert str(fault) in caplog.text


def test_a_ledger_that_is_down_at_the_start_keeps_nothing_from_starting(sender, monkeypatch):
    def fail():
        raise PolicyError(Problem("it is down", "wait"))

    monkeypatch.setattr(sender.round, "begin", fail)
    sender.start()
    assert len(list_threads()) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_that_was_forked_has_a_thread_of_its_own(sender, tmp_path):
    # What a thread holds while another forks, nobody gives back in the child.
    sender.round.run = lambda _: None
    sender.start()
    mark = tmp_path / "threads"
    child = os.fork()
    if child == 0:
        try:
            before = len(list_threads())
            sender.start()
            mark.write_text(f"{before} {len(list_threads())}")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert mark.read_text() == "0 1"


def test_a_server_begins_at_once_and_in_each_process_that_serves(api):
    functions: dict[None, list[Callable[[], None]]] = {}
    flask = type("Flask", (), {"before_request_funcs": functions})
    sender = start_webhooks(flask, api.guard)
    try:
        assert len(list_threads()) == 1
        assert functions == {None: [sender.start]}
        functions[None][0]()
        assert len(list_threads()) == 1
    finally:
        sender.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_worker_that_is_killed_leaves_its_try_to_the_others(api, sender, receiver, monkeypatch):
    sender.round.begin()
    hold(api)
    child = os.fork()
    if child == 0:
        # Between the answer and the note of it.
        monkeypatch.setattr(sending, "note_delivered", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        sender.round.run()
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    sender.round.run()
    assert receiver.events == ["opened"]
    Round(api.guard, lambda: datetime.now(UTC) + sending.LEASE).run()
    first, second = receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert list_states(api.guard.ledger) == [("opened", "delivered")]
