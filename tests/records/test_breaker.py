"""A database that is down is asked by one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event, Lock

import pytest

from policy.errors import PolicyError, Problem
from policy.records.breaker import HELD, Breaker
from policy.records.faults import LedgerError
from policy.records.requests.refusals import RefusedError


def fail(breaker, kind="unreachable"):
    with pytest.raises(LedgerError), breaker.turn():
        raise LedgerError(kind, "it is down", "start it")


def succeed(breaker):
    with breaker.turn() as turn:
        turn.check()


def ask(breaker):
    """The fault that somebody else is told, if any."""
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(succeed, breaker).result()
        except LedgerError as error:
            return error
    return None


def test_who_asks_alone_is_never_kept_from_it():
    breaker = Breaker()
    for _ in range(3):
        fail(breaker)
    succeed(breaker)
    assert breaker.fault is None


def test_who_only_reads_does_not_wait_for_who_writes():
    breaker = Breaker()
    fail(breaker, "locked")
    assert breaker.fault is None


@pytest.mark.parametrize("kind", HELD)
def test_while_one_looks_others_are_told_at_once(kind):
    breaker = Breaker(HELD)
    fail(breaker, kind)
    with breaker.turn() as turn:
        turn.check()
        told = ask(breaker)
        assert told is not None
        assert (told.kind, told.problems[0].message, told.problems[0].remedy) == (kind, "it is down", "start it")
        # Who looks asks several questions.
        succeed(breaker)
    assert ask(breaker) is None


def test_one_that_looks_and_fails_leaves_the_next_to_look():
    breaker = Breaker()
    fail(breaker)
    fail(breaker)
    with breaker.turn():
        assert ask(breaker) is not None
    assert breaker.fault is None


@pytest.mark.parametrize("kind", ["refused", "secret", "draft", "full", "schema"])
def test_what_is_wrong_with_a_question_is_no_fault_of_the_database(kind):
    breaker = Breaker()
    fail(breaker, kind)
    assert breaker.fault is None


def test_any_other_exception_says_nothing_of_it():
    breaker = Breaker()
    fail(breaker)
    with pytest.raises(ZeroDivisionError), breaker.turn():
        raise ZeroDivisionError
    assert breaker.fault is not None
    succeed(breaker)
    assert breaker.fault is None


@pytest.mark.parametrize(
    ("error", "answers"),
    [
        (RefusedError(Problem("you may not")), True),
        (PolicyError(Problem("it is no name")), True),
        (LedgerError("refused", "its guards refuse the change"), True),
        (LedgerError("schema", "its tables are not those of a ledger"), True),
        (LedgerError("crowded", "it takes no more connections"), False),
        (LedgerError("unreachable", "it is down"), False),
    ],
    ids=lambda value: getattr(value, "kind", type(value).__name__),
)
def test_who_is_refused_was_answered(error, answers):
    breaker = Breaker(HELD)
    fail(breaker)
    with pytest.raises(PolicyError), breaker.turn():
        raise error
    assert (breaker.fault is None) is answers


def test_those_who_wait_for_their_turn_fail_with_the_first():
    breaker, lock, everybody, asked = Breaker(), Lock(), Barrier(9), []
    released = Event()

    def wait(number):
        with breaker.turn() as turn:
            everybody.wait()
            with lock:
                turn.check()
                asked.append(number)
                released.wait()
                raise LedgerError("lost", "it has not answered")

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(wait, number) for number in range(8)]
        everybody.wait()
        released.set()
        told = [one.exception() for one in waiting]
    assert len(asked) == 1
    assert {error.problems[0].message for error in told if isinstance(error, LedgerError)} == {"it has not answered"}
    assert all(told)


def test_faults_that_come_and_go_are_told_and_nothing_else_is():
    """Many threads at once, some of which fail: none meets anything but such a fault."""
    breaker = Breaker()

    def ask_once(away):
        with suppress(LedgerError), breaker.turn() as turn:
            turn.check()
            if away:
                raise LedgerError("lost", "it is away")

    def ask_often(number):
        for turn in range(3000):
            ask_once((turn + number) % 3 == 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask_often, range(8)))
    succeed(breaker)
    assert breaker.fault is None
