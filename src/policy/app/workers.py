"""Several processes that judge chunks of the work, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.checking import Bench, CheckRequest, Piece
    from policy.loading.discovery import Item

_bench: Bench | None = None


def work_in_processes(
    request: CheckRequest, root: str, chunks: Sequence[Sequence[Item]], jobs: int
) -> Iterator[Piece]:
    """What each chunk gave, in the order of the chunks."""
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(jobs, _prepare, (request, root)) as pool:
        yield from pool.imap(_work, chunks)


def _prepare(request: CheckRequest, root: str) -> None:
    from policy.app.checking import Bench

    global _bench  # noqa: PLW0603 - each process opens its own workspace, once
    _bench = Bench(request, root)


def _work(items: Sequence[Item]) -> Piece:
    if _bench is None:
        raise AssertionError("a worker works only after it was prepared")
    return _bench.work_on(items)
