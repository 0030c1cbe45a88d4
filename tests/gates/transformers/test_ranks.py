"""What rank 0 finds is raised on every rank, whatever becomes of rank 0; the ranks here are threads."""

from __future__ import annotations

import sys
from queue import Queue
from threading import Thread, current_thread
from types import SimpleNamespace

import pytest

from policy.app.runs.refusal import RunRefused
from policy.gates.transformers.ranks import share


class Group:
    """What torch has of a group whose ranks have said so far that they are here."""

    def __init__(self, size: int, *, initialised: bool = True) -> None:
        self.said: Queue[str] = Queue()
        self.size = size
        self.is_available = lambda: True
        self.is_initialized = lambda: initialised

    def get_world_size(self) -> int:
        return self.size

    def get_rank(self) -> int:
        return int(current_thread().name)

    def broadcast_object_list(self, told: list[str], src: int) -> None:
        assert src == 0
        if self.get_rank() == 0:
            for _ in range(self.size - 1):
                self.said.put(told[0])
        else:
            told[0] = self.said.get(timeout=60)


def run(group: object, size: int, judge, monkeypatch) -> list[object]:
    """How each rank ends: with nothing, or with what is raised."""
    monkeypatch.setitem(sys.modules, "torch.distributed", group)
    ends: list[object] = [None] * size

    def begin(rank: int) -> None:
        try:
            share(judge)
        except BaseException as error:  # noqa: BLE001 - all of them are told
            ends[rank] = error

    threads = [Thread(target=begin, args=(rank,), name=str(rank)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def make_judge(fault: BaseException | None = None):
    judged = []

    def judge() -> None:
        judged.append(current_thread().name)
        if fault is not None:
            raise fault

    return judge, judged


@pytest.mark.parametrize("size", [2, 5])
def test_all_go_on_where_rank_0_says_so(size, monkeypatch):
    judge, judged = make_judge()
    assert run(Group(size), size, judge, monkeypatch) == [None] * size
    assert judged == ["0"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RunRefused("too few rows"), "too few rows"),
        (OSError("the disk is gone"), "rank 0 could not judge the project: the disk is gone"),
        (SystemExit(3), "rank 0 has stopped before the project was judged"),
        (KeyboardInterrupt(), "rank 0 has stopped before the project was judged"),
        (RunRefused(""), "rank 0 has refused the training"),
    ],
)
def test_whatever_stops_rank_0_stops_all(fault, said, monkeypatch):
    judge, judged = make_judge(fault)
    first, *others = run(Group(3), 3, judge, monkeypatch)
    assert first is fault
    assert [(type(end), str(end)) for end in others] == [(RunRefused, said)] * 2
    assert judged == ["0"]


@pytest.mark.parametrize(
    "group",
    [None, Group(2, initialised=False), Group(1), SimpleNamespace(is_available=lambda: False)],
    ids=["no torch", "no group", "alone", "not built for it"],
)
def test_without_others_each_judges_for_itself(group, monkeypatch):
    judge, judged = make_judge()
    assert run(group, 1, judge, monkeypatch) == [None]
    refused = RunRefused("too few rows")
    assert run(group, 1, make_judge(refused)[0], monkeypatch) == [refused]
    assert judged == ["0"]
