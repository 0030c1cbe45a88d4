"""The workers of one server: the folder that they share, and whether any of them serves."""

from __future__ import annotations

import atexit
import os
import re
import stat
import sys
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PREFIX: Final = "policy-server-"
# Locks end with whoever holds them, however that ends; each worker holds the first while it lives.
ALIVE: Final = "alive.lock"
SERVING: Final = "serving.lock"
AWAITING: Final = "awaiting.lock"
ROUNDS: Final = 20
LEDGER_ID: Final = re.compile(r"[0-9a-f]{32}")

_held: list[int] = []
_awaiting: list[int] = []


def share_folder() -> str:
    """The folder of this server's workers; empty for one that works alone, or where it is somebody else's.

    What it holds of workers that are all gone is removed, and so are folders of servers that are.
    """
    return _share_folder(os.getpid(), os.getppid())


@lru_cache(maxsize=1)
def _share_folder(_worker: int, parent: int) -> str:
    import multiprocessing
    from tempfile import gettempdir

    if sys.platform == "win32" or (multiprocessing.parent_process() is None and "gunicorn" not in sys.modules):
        return ""
    path = os.path.join(gettempdir(), f"{PREFIX}{os.getuid()}-{parent}")
    for other in list_folders(gettempdir()):
        if other != path:
            remove_folder(other)
    # Whoever starts at the same time may take it for one that is left over.
    return path if any(join_folder(path) for _ in range(ROUNDS)) else ""


def list_folders(folder: str) -> Iterator[str]:
    """The folders of servers that are there, of the same user."""
    begin = f"{PREFIX}{os.getuid()}-"
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(begin) and is_own(path):
            yield path


def is_own(path: str) -> bool:
    """Whether a folder is this user's alone: whoever else made it could read and write it."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def join_folder(path: str) -> bool:
    """Be one of those that share a folder; false where it is not one's own, or just went."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        if not is_own(path):
            return False
        lock = open_lock(path, ALIVE)
    except OSError:
        return False
    if take(lock):
        # Of a server that had the same parent's number, or of workers that all went.
        empty_folder(path)
    fcntl.flock(lock, fcntl.LOCK_SH)
    with suppress(OSError):
        if os.path.samestat(os.fstat(lock), os.stat(os.path.join(path, ALIVE))):
            _held.append(lock)
            return True
    os.close(lock)
    return False


def remove_folder(path: str) -> None:
    """Remove a folder in which no worker is any more."""
    with suppress(OSError):
        lock = open_lock(path, ALIVE)
        try:
            if take(lock):
                empty_folder(path)
                os.unlink(os.path.join(path, ALIVE))
                os.rmdir(path)
        finally:
            os.close(lock)


def empty_folder(path: str) -> None:
    """Remove all in it but the lock of those that live."""
    for name in os.listdir(path):
        if name != ALIVE:
            with suppress(OSError):
                os.unlink(os.path.join(path, name))


def open_lock(path: str, name: str) -> int:
    """A file to lock. Raises OSError."""
    return os.open(os.path.join(path, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def take(lock: int) -> bool:
    """Whether nobody else holds a lock, which is then held alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def note_serving(app: Any) -> None:
    """From now on this worker serves, until it ends; the last one takes the folder with it."""
    path = share_folder()
    if not path:
        return
    lock = open_lock(path, SERVING)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _held.append(lock)
    router: Any = getattr(app, "router", None)
    if not hasattr(router, "lifespan_context"):
        atexit.register(leave_folder)
        return
    inner = router.lifespan_context

    @asynccontextmanager
    async def live(given: Any) -> AsyncIterator[Any]:
        # A signal ends the process without what is left for its exit.
        async with inner(given) as state:
            yield state
        leave_folder()

    router.lifespan_context = live


def note_awaiting() -> None:
    """From now on this worker waits for its ledger, until it has reached it, or ends."""
    path = share_folder()
    if path and not _awaiting:
        with suppress(OSError):
            lock = open_lock(path, AWAITING)
            fcntl.flock(lock, fcntl.LOCK_SH)
            _awaiting.append(lock)


def note_reached() -> None:
    """It waits no more."""
    while _awaiting:
        os.close(_awaiting.pop())


def is_awaiting() -> bool:
    """Whether any worker of this server waits for its ledger."""
    return _is_held(AWAITING)


def share_ledger(url: str, ledger_id: str) -> None:
    """Tell the other workers which ledger is at an address: one that starts while it is down does not see that."""
    path = share_folder()
    if not path:
        return
    with suppress(OSError):
        file = open_lock(path, _name_ledger(url))
        try:
            os.pwrite(file, ledger_id.encode(), 0)
        finally:
            os.close(file)


def recall_ledger(url: str) -> str:
    """The id of the ledger at an address, as a worker of this server has seen it; empty where none has."""
    path, found = share_folder(), ""
    if not path:
        return ""
    with suppress(OSError):
        file = open_lock(path, _name_ledger(url))
        try:
            found = os.pread(file, 64, 0).decode("ascii", "replace")
        finally:
            os.close(file)
    return found if LEDGER_ID.fullmatch(found) else ""


def _name_ledger(url: str) -> str:
    return f"ledger-{sha256(url.encode(errors='surrogateescape')).hexdigest()[:16]}"


def leave_folder() -> None:
    """Be one of the workers no more."""
    path = share_folder()
    note_reached()
    while _held:
        os.close(_held.pop())
    if path:
        remove_folder(path)


def is_served() -> bool:
    """Whether another worker of this server serves."""
    return _is_held(SERVING)


def _is_held(name: str) -> bool:
    path = share_folder()
    if not path:
        return False
    lock = open_lock(path, name)
    try:
        return not take(lock)
    finally:
        os.close(lock)
