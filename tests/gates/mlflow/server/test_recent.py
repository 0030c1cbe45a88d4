"""What was put on record lately is remembered, and the oldest is forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from policy.gates.mlflow.server.recent import Recent


def test_the_last_ones_are_known():
    recent = Recent(2)
    assert recent.find(("a",)) is None
    for seq, name in enumerate("abc", 1):
        recent.keep((name,), seq)
    assert [recent.find((name,)) for name in "abc"] == [None, 2, 3]


def test_threads_share_it():
    recent = Recent(50)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: recent.keep((str(number),), number), range(1000)))
    assert sum(recent.find((str(number),)) is not None for number in range(1000)) == 50
