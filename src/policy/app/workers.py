"""Several processes that judge chunks of the work, in order."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
from policy.plugins.faults import describe_fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from subprocess import Popen
    from typing import BinaryIO

    from policy.app.bench import Piece
    from policy.app.checking import CheckRequest
    from policy.loading.discovery import Item


def work_in_processes(request: CheckRequest, root: str, chunks: Sequence[Sequence[Item]], jobs: int) -> Iterator[Piece]:
    """What each chunk gave, in the order of the chunks. Raises PolicyError."""
    from policy.plugins.interpreter import end, give, start_interpreter

    count = min(jobs, len(chunks))
    processes: list[Popen[bytes]] = []
    try:
        for number in range(count):
            processes.append(start_interpreter("policy.app.workers:work"))
            # Every so-many-th chunk: a process that is ahead waits until its next answer is taken.
            give(processes[-1], (request, root, chunks[number::count]))
        for number in range(len(chunks)):
            yield _take(processes[number % count])
    finally:
        for process in processes:
            end(process)


def _take(process: Popen[bytes]) -> Piece:
    """The next answer of a process."""
    try:
        kind, value = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301 - a pipe, from our own process
    except (EOFError, pickle.UnpicklingError):
        message = "a process that judges a part of the work ended before it was done"
        raise PolicyError(Problem(message, "try again with `--jobs 1`, which needs less memory")) from None
    if kind == "problems":
        raise PolicyError(*value)
    if kind == "bug":
        raise RuntimeError(value)
    piece: Piece = value
    return piece


def work(questions: BinaryIO, answers: BinaryIO) -> None:
    """Judge the chunks that are asked for; called in a process of its own."""
    request, root, chunks = pickle.load(questions)  # noqa: S301 - from our own process
    try:
        for piece in _judge(request, root, chunks):
            _answer(answers, "piece", piece)
    except PolicyError as error:
        _answer(answers, "problems", error.problems)
    except Exception as error:  # noqa: BLE001 - a bug of ours is said by the process that the user started
        _answer(answers, "bug", f"in a worker: {describe_fault(error)}: {error}")


def _judge(request: CheckRequest, root: str, chunks: Sequence[Sequence[Item]]) -> Iterator[Piece]:
    from policy.app.bench import Bench

    bench = Bench(request, root)
    return map(bench.work_on, chunks)


def _answer(answers: BinaryIO, kind: str, value: Any) -> None:
    pickle.dump((kind, value), answers)
    answers.flush()
