"""What was found out lately is remembered, what nobody asks for is forgotten, and of several one finds it out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from policy.app.runs.recent import Recent
from policy.records.faults import LedgerError


def make_memory(most: int) -> Recent[str, int]:
    return Recent(most)


def test_those_that_were_last_asked_for_are_known():
    recent = make_memory(2)
    assert recent.find("a") is None
    for number, name in enumerate("abac", 1):
        recent.keep(name, number)
    assert [recent.find(name) for name in "abc"] == [3, None, 4]
    assert recent.find("a") == 3
    recent.keep("d", 5)
    assert [recent.find(name) for name in "abcd"] == [3, None, None, 5]
    assert len(recent) == 2


def test_threads_share_it():
    recent = make_memory(50)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: recent.keep(str(number), number), range(1000)))
    assert len(recent) == sum(recent.find(str(number)) is not None for number in range(1000)) == 50


def make_together(recent, outcome, others=7):
    """What each of several threads gets that want the same at once; and how often it was made."""
    began, go, made = Event(), Event(), []

    def make():
        made.append(1)
        began.set()
        assert go.wait(30)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with ThreadPoolExecutor(others + 1) as pool:
        first = pool.submit(recent.find_or_make, "a", make)
        assert began.wait(30)
        waiting = [pool.submit(recent.find_or_make, "a", make) for _ in range(others)]
        # Something else does not wait for it.
        assert recent.find_or_make("b", lambda: 9) == 9
        go.set()
        found: list[Any] = [one.exception() or one.result() for one in (first, *waiting)]
    return found, len(made)


def test_of_several_at_once_one_makes_it():
    recent = make_memory(5)
    assert make_together(recent, 3) == ([3] * 8, 1)
    assert recent.find_or_make("a", lambda: 4) == 3
    assert recent._making == {}


def test_what_fails_fails_for_those_who_waited_and_is_tried_again():
    recent = make_memory(5)
    error = LedgerError("lost", "it is down")
    found, made = make_together(recent, error)
    # Whoever came when all was over began anew.
    assert made < 8
    assert found == [error] * 8
    with pytest.raises(LedgerError):
        recent.find_or_make("a", lambda: (_ for _ in ()).throw(error))
    assert recent.find_or_make("a", lambda: 4) == 4
    assert recent._making == {}


def test_nothing_is_not_remembered():
    recent = make_memory(5)
    assert recent.find_or_make("a", lambda: None) is None
    assert recent.find_or_make("a", lambda: 2) == 2
