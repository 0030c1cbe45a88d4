"""Objects of a repository, read one after the other from a single git: no filter, hook or checkout has a part in it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from policy.loading.git.commands import SAFE_SETTINGS, GitError, find_git, find_variables
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from subprocess import Popen
    from types import TracebackType
    from typing import Self

MOST_BYTES = 64 << 20
BLOCK = 1 << 20
SECONDS = 120


class MissingObjectError(GitError):
    """The clone does not have the object."""


class Object(NamedTuple):
    """What an object is (blob, tree, commit or tag) and its content."""

    kind: str
    data: bytes


class ObjectReader:
    """Asks `git cat-file --batch`, which is started with the first question. Every question raises GitError."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            # A question that it did not take any more is lost.
            with suppress(BrokenPipeError), process:
                pass

    def read(self, name: str) -> Object:
        """The object of that name, which is one in full: nothing that could have a line end in it."""
        from threading import Timer

        process = self._process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise GitError("git cannot be talked to")
        timer = Timer(SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(name.encode("ascii") + b"\n")
            process.stdin.flush()
            return self._take(process, name)
        except BrokenPipeError:
            raise GitError("git ended before it had answered") from None
        finally:
            timer.cancel()

    def _start(self) -> Popen[bytes]:
        import subprocess

        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and git is looked up in absolute folders only
                [find_git(), *SAFE_SETTINGS, "cat-file", "--batch"],
                cwd=self.repository,
                env=find_variables(self.repository),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}") from None

    def _take(self, process: Popen[bytes], name: str) -> Object:
        answers = process.stdout
        if answers is None:
            raise GitError("git cannot be talked to")
        words = answers.readline().decode("ascii", errors="replace").split()
        if words[1:] == ["missing"]:
            raise MissingObjectError(f"the object {name} is not in this clone")
        if len(words) != 3 or not words[2].isdecimal():
            # One that does not know how not to fetch ends when it may not.
            raise MissingObjectError(f"the object {name} is not in this clone, or git broke off")
        size = int(words[2])
        if size > MOST_BYTES:
            for start in range(0, size + 1, BLOCK):
                answers.read(min(BLOCK, size + 1 - start))
            raise GitError(f"the object {name} has more than {MOST_BYTES:,} bytes")
        data = answers.read(size + 1)
        if len(data) <= size:
            raise GitError("git ended before it had answered")
        return Object(words[1], data[:-1])
