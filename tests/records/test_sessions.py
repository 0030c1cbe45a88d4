"""Connections of a ledger are few, lent to one thread at a time, and used again while they are sound."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest

from policy.errors import PolicyError, Problem
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger
from policy.records.sessions import MOST, Sessions
from tests.records.drafts import check_chain, draft_note


@pytest.fixture
def opened(ledger, monkeypatch):
    """The sessions that are opened from now on."""
    sessions = []
    real = ledger.database.open_session

    def open_one():
        sessions.append(real())
        return sessions[-1]

    monkeypatch.setattr(ledger.database, "open_session", open_one)
    return sessions


def ask(ledger):
    with ledger.session() as session:
        assert session.read("SELECT 1") == [(1,)]
        return session


def is_closed(session):
    try:
        session.read("SELECT 1")
    except (psycopg.Error, sqlite3.Error) as error:
        return "closed" in str(error)
    return False


def test_one_is_used_again_to_read_and_to_write(ledger, opened):
    for number in range(5):
        ask(ledger)
        with ledger.transaction() as transaction:
            transaction.append([draft_note(str(number))])
            assert transaction.connection.exec_driver_sql("SELECT max(seq) FROM entries").scalar() == number + 1
    assert len(opened) == 1
    assert check_chain(ledger) == [1, 2, 3, 4, 5]


def test_so_many_are_lent_at_once_and_others_wait(ledger, opened):
    together, most = Barrier(MOST), []

    def hold(_):
        with ledger.session() as session:
            most.append(len(ledger._sessions._lent))
            try:
                # As many as may be are here together before the first one goes.
                together.wait(30)
            except BrokenBarrierError:
                pytest.fail("fewer were lent at once")
            return id(session)

    with ThreadPoolExecutor(5 * MOST) as pool:
        used = set(pool.map(hold, range(5 * MOST)))
    assert len(used) == len(opened) == max(most) == MOST


def test_who_has_one_is_not_made_to_wait_for_another(ledger, opened):
    with ExitStack() as stack:
        inside = {id(stack.enter_context(ledger.session())) for _ in range(MOST + 2)}
        assert len(inside) == MOST + 2
    assert len(ledger._sessions._free) == MOST
    assert sum(map(is_closed, opened)) == 2


FAILURES = [
    (PolicyError(Problem("somebody may not")), True),
    (LedgerError("corrupt", "it is not what it was"), False),
    (ZeroDivisionError(), False),
    (KeyboardInterrupt(), False),
]


@pytest.mark.parametrize(("error", "kept"), FAILURES, ids=["refused", "ledger", "bug", "interrupted"])
@pytest.mark.parametrize("way", ["session", "transaction"])
def test_one_in_which_something_failed_is_not_used_again(ledger, opened, error, kept, way):
    with pytest.raises(type(error)), getattr(ledger, way)():
        raise error
    assert is_closed(opened[0]) is not kept
    assert (ask(ledger) is opened[0]) is kept
    with ledger.transaction() as transaction:
        transaction.append([draft_note()])
    assert check_chain(ledger) == [1]


def test_a_fault_of_the_database_is_named_and_its_session_closed(ledger, opened):
    with pytest.raises(LedgerError) as caught, ledger.session() as session:
        session.read("SELECT nothing FROM nowhere")
    assert caught.value.kind == "schema"
    assert is_closed(opened[0])


def test_what_is_left_undone_is_not_used_again(ledger, opened):
    with ledger.session() as session:
        session.driver.execute("BEGIN")
    assert is_closed(opened[0])
    assert ask(ledger) is opened[1]


def test_one_that_wrote_waits_for_others_again_when_it_reads(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db", timeout=7.0) as ledger:
        with ledger.transaction() as transaction:
            assert transaction.session.read("PRAGMA busy_timeout") == [(0,)]
            wrote = transaction.session
        with ledger.session() as session:
            assert session is wrote
            assert session.read("PRAGMA busy_timeout") == [(7000,)]


def test_connections_that_were_lost_meanwhile_are_replaced(server):
    url = server.make_database()
    with create_ledger(url) as ledger:
        with ExitStack() as stack:
            for _ in range(MOST):
                stack.enter_context(ledger.session())
        lost = list(ledger._sessions._free)
        assert len(lost) == MOST
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with ledger.transaction() as transaction:
            transaction.append([draft_note()])
        assert ask(ledger) not in lost
        assert all(map(is_closed, lost))
        assert check_chain(ledger) == [1]


def test_while_the_ledger_is_down_nobody_waits_for_a_connection(ledger):
    with pytest.raises(LedgerError), ledger._asking.turn():
        raise LedgerError("unreachable", "it is down")

    def ask_again():
        with pytest.raises(LedgerError, match="it is down"), ledger.session():
            pass

    with ledger._asking.turn(), ThreadPoolExecutor(1) as pool:
        pool.submit(ask_again).result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_others(ledger, opened):
    ask(ledger)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if ask(ledger) is not opened[0] and len(opened) == 2 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(ledger) is opened[0]


def test_all_are_closed_with_the_ledger_also_one_that_comes_back_later(ledger, opened):
    ask(ledger)
    with ledger.session() as session:
        ledger.close()
        assert session.read("SELECT 1") == [(1,)]
    assert len(opened) == 1
    assert is_closed(opened[0])
    # It is opened again by whoever asks again.
    assert ask(ledger) is opened[1]


def test_one_that_cannot_be_opened_leaves_room_for_the_next(ledger, monkeypatch):
    def fail():
        raise LedgerError("crowded", "too many clients")

    sessions = Sessions(ledger.database)
    with monkeypatch.context() as patched:
        patched.setattr(ledger.database, "open_session", fail)
        for _ in range(MOST + 1):
            with pytest.raises(LedgerError), sessions.lend():
                pass
    with sessions.lend() as session:
        assert session.read("SELECT 1") == [(1,)]
    sessions.close()
