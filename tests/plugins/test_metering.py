from __future__ import annotations

from math import inf
from threading import Thread

import pytest

from policy.model.evidence_settings import EvidenceSettings
from policy.plugins import metering
from policy.plugins.metering import Meter, SpentError, find_meter

SECOND = EvidenceSettings(time_limit=1000, size_limit=100)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


class Watcher:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def tell_reading(self, path: str, done: int, size: int) -> None:
        self.told.append((path, done, size))

    def tell_judged(self, done: int, total: int) -> None:
        self.told.append((done, total))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(metering, "monotonic", clock)
    return clock


def test_time_counts_from_when_the_meter_is_entered(clock):
    meter = Meter(SECOND)
    clock.now += 100
    with meter:
        clock.now += 1
        meter.check_time()
        clock.now += 0.001
        with pytest.raises(SpentError):
            meter.check_time()
        with pytest.raises(SpentError):
            meter.pass_by("a", 1, 2)
        with pytest.raises(SpentError):
            meter.limit_seconds()


def test_a_call_that_waits_gets_what_is_left(clock):
    with Meter(SECOND) as meter:
        assert meter.limit_seconds() == 1
        assert meter.limit_seconds(10) == 1
        assert meter.limit_seconds(0.5) == 0.5
        clock.now += 1
        assert meter.limit_seconds(10) == 0.001


def test_a_file_may_be_as_large_as_the_limit():
    with Meter(SECOND) as meter:
        meter.pass_by("a", 100, 100)
        assert meter.find_excess(100) == ""
        said = "100 B; `evidence: {size_limit: …}` in the policy set raises the limit"
        assert meter.find_excess(101) == said
        with pytest.raises(OSError, match="it is larger than 100 B") as caught:
            meter.pass_by("a", 101, 5)
        assert caught.value.strerror == f"it is larger than {said}"


def test_outside_of_any_nothing_is_limited(clock):
    meter = find_meter()
    clock.now = 1e12
    meter.pass_by("a", 1 << 60, 0)
    assert (meter.find_excess(1 << 60), meter.limit_seconds(), meter.watcher) == ("", inf, None)


def test_the_innermost_counts_and_afterwards_the_outer_one_again():
    outer, inner = Meter(), Meter(SECOND)
    with outer:
        with inner:
            assert find_meter() is inner
        assert find_meter() is outer
        with pytest.raises(KeyError), Meter(SECOND):
            raise KeyError
        assert find_meter() is outer
    assert find_meter() is not outer


def test_other_threads_have_none():
    found = []
    with Meter(SECOND):
        thread = Thread(target=lambda: found.append(find_meter()))
        thread.start()
        thread.join()
        assert found != [find_meter()]


def test_a_watcher_is_told_what_is_read():
    watcher = Watcher()
    with Meter(SECOND, watcher) as meter:
        meter.pass_by("a", 1, 2)
    assert watcher.told == [("a", 1, 2)]


def test_code_that_looks_after_its_own_faults_does_not_hold_it_up(clock):
    with Meter(SECOND) as meter:
        clock.now += 2

        def work():
            try:
                meter.check_time()
            except Exception:  # noqa: BLE001 - as careful code does
                return "went on"

        with pytest.raises(SpentError):
            work()
