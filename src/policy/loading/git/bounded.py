"""Questions to git whose answer may be too long to be kept: no more of it is read than a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.loading.git import commands
from policy.loading.git.commands import SAFE_SETTINGS, GitError, find_git, find_reason, find_variables
from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from typing import IO

MOST_SAID = 1 << 16


class Output(NamedTuple):
    """What git printed, and whether that is all of it."""

    text: bytes
    whole: bool


def read_git(folder: str, *arguments: str, most: int) -> Output:
    """The first `most` bytes of what git prints for these arguments in a folder. Raises GitError.

    As `run_git`, but git is ended once it has printed more.
    """
    import subprocess
    from threading import Event, Thread, Timer

    meter, late, said = find_meter(), Event(), [b""]
    seconds = meter.limit_seconds(commands.SECONDS)
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and git is looked up in absolute folders only
            [find_git(), *SAFE_SETTINGS, *arguments],
            cwd=folder,
            env=find_variables(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise GitError(f"git cannot be started: {error.strerror}") from None

    def end() -> None:
        late.set()
        process.kill()

    timer = Timer(seconds, end)
    timer.daemon = True
    # A git whose errors nobody reads would wait for ever.
    drain = Thread(target=_drain, args=(process.stderr, said), daemon=True)
    with process:
        timer.start()
        drain.start()
        text = process.stdout.read(most + 1) if process.stdout else b""
        if len(text) > most:
            process.kill()
        drain.join()
    timer.cancel()
    if late.is_set():
        meter.check_time()
        raise GitError(f"git did not answer within {commands.SECONDS} s")
    if len(text) > most:
        return Output(text[:most], whole=False)
    if process.returncode:
        raise GitError(find_reason(said[0]) or f"git ended with {process.returncode}")
    return Output(text, whole=True)


def _drain(stream: IO[bytes], said: list[bytes]) -> None:
    said[0] = stream.read(MOST_SAID)
    while stream.read(MOST_SAID):
        pass
