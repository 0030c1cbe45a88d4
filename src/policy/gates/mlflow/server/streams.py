"""What is sent to be stored: when all of it is there, and before it is stored, it is checked again where it goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.wrapping import within

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable

STREAM, CHUNKS = "stream", "chunks"
ALL: Final = (-1, None)


def check_when_sent(arguments: dict[str, Any], check: Callable[[], object]) -> dict[str, Any]:
    """The arguments of a method that stores; their stream asks `check` at its end: if that raises, nothing is kept.

    MLflow's repositories put a file in its place only when it is whole.
    """
    if arguments.get(STREAM) is not None:
        return {**arguments, STREAM: Checked(arguments[STREAM], check)}
    if arguments.get(CHUNKS) is not None:
        return {**arguments, CHUNKS: check_chunks(arguments[CHUNKS], check)}
    return arguments


class Checked:
    """A stream of bytes that is read to its end."""

    def __init__(self, stream: Any, check: Callable[[], object]) -> None:
        self._stream = stream
        self._check = check

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or all that are left."""
        data: bytes = self._stream.read(size)
        if not data or size in ALL:
            self._check()
        return data


async def check_chunks(chunks: AsyncIterable[bytes], check: Callable[[], object]) -> AsyncIterator[bytes]:
    """The same of a stream that is waited for."""
    async for chunk in chunks:
        yield chunk
    await asyncio.to_thread(_check_within, check)


def _check_within(check: Callable[[], object]) -> None:
    with within():
        check()
