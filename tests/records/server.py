"""A PostgreSQL server of one's own: in a temporary folder, on a socket there, reached by nobody else."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from uuid import uuid4

import psycopg

OWNER = "owner"
SECONDS = 60


def find_programs() -> str | None:
    """The folder of `postgres` and `initdb`; Debian has them where PATH does not lead."""
    installed = shutil.which("postgres")
    folders = [os.path.dirname(installed)] if installed else []
    folders += sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)
    return next((folder for folder in folders if os.path.exists(os.path.join(folder, "initdb"))), None)


def find_account() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


class Server:
    """A server that can be killed and started again."""

    def __init__(self, programs: str, folder: str, *, durable: bool) -> None:
        self.programs = programs
        self.folder = folder
        self.durable = durable
        self._free: list[str] = []
        self.account = find_account()
        self.process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """Make its data folder; whoever reaches the socket is who they say."""
        if self.account:
            shutil.chown(self.folder, self.account)
        self._run(
            "initdb",
            "--auth=trust",
            f"--username={OWNER}",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            f"{self.folder}/data",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "max_connections": "60"}
        settings |= {} if self.durable else {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        end = time.monotonic() + SECONDS
        while not self._answers():
            # One that was killed is in the way until the last of its processes is gone.
            if self.process is None or self.process.poll() is not None:
                with open(f"{self.folder}/log", "ab") as log:
                    self.process = subprocess.Popen(
                        [f"{self.programs}/postgres", "-D", f"{self.folder}/data", *options],
                        stdout=log,
                        stderr=log,
                        user=self.account,
                        cwd=self.folder,
                    )
            if time.monotonic() > end:
                raise AssertionError(Path(self.folder, "log").read_text(errors="replace"))
            time.sleep(0.05)

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End it and all its processes, at once and without a word."""
        assert self.process is not None
        _, *children = self._list_pids()
        self.process.kill()
        self.process.wait()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Connections stay, and new ones are taken, but nothing is answered."""
        pids = self._list_pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _list_pids(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split() if children.exists() else ())]

    def stop(self) -> None:
        """End it; what it holds is not needed any more."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(SECONDS)

    def make_database(self) -> str:
        """The address of a database with nothing in it."""
        if self._free:
            return self._free.pop()
        name = f"ledger_{uuid4().hex[:12]}"
        self.run_sql(f"CREATE DATABASE {name}")
        return self.address(name)

    def give_back(self, address: str) -> None:
        """Empty a database for whoever asks next: that costs a tenth of making one."""
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("SET lock_timeout = '2s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        except psycopg.Error:
            return
        self._free.append(address)

    def address(self, database: str, user: str = OWNER) -> str:
        """How a database is reached."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def run_sql(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the server's owner."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [f"{self.programs}/{program}", *arguments],
            user=self.account,
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )


@contextmanager
def running_server(programs: str, *, durable: bool = True) -> Iterator[Server]:
    """A server for as long as it is needed; a durable one writes to the disk what it acknowledges."""
    # Not below pytest's folder: others may not enter that, and a socket's path is short.
    folder = tempfile.mkdtemp(prefix="pg-")
    server = Server(programs, folder, durable=durable)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
