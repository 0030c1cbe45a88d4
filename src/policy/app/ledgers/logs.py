"""Logs of checkpoints: files outside the database, which grow by one signed note at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from policy.app.ledgers.key_files import read_bytes
from policy.errors import PolicyError, Problem
from policy.records.checkpoints import LARGEST_LOG, join_log, read_log
from policy.records.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.records.checkpoints import SignedCheckpoint


def read_checkpoint_files(paths: Iterable[str]) -> tuple[SignedCheckpoint, ...]:
    """The checkpoints of some files. Raises PolicyError with all that is wrong with any."""
    found: list[SignedCheckpoint] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found += read_checkpoint_file(path)
        except PolicyError as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyError(*problems)
    return tuple(found)


def read_checkpoint_file(path: str) -> tuple[SignedCheckpoint, ...]:
    """The checkpoints of one file. Raises PolicyError."""
    return read_log(read_bytes(path, "the checkpoint", LARGEST_LOG), path)


@contextmanager
def locked_folder(path: str) -> Iterator[None]:
    """Nobody else adds to a log of this folder meanwhile. Raises PolicyError."""
    import fcntl

    folder = os.path.dirname(os.path.realpath(path))
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        message = f"the log of checkpoints `{path}` cannot be written: {error.strerror}"
        raise PolicyError(Problem(message, "name a file in a folder that is there")) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_log(path: str, notes: list[str]) -> None:
    """Put a log in the place of the old one, whole and on the disk. Raises PolicyError."""
    target = os.path.realpath(path)
    part = f"{target}.part-{os.urandom(4).hex()}"
    try:
        try:
            with open(part, "x", encoding="utf-8", newline="\n") as stream:
                stream.write(join_log(notes))
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, target)
            sync_folder(os.path.dirname(target))
        finally:
            with suppress(OSError):
                os.unlink(part)
    except OSError as error:
        message = f"the log of checkpoints `{path}` cannot be written: {error.strerror}"
        raise PolicyError(Problem(message, "name a file in a folder that can be written, or make room")) from None
