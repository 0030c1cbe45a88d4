"""Kills writers, or the server, in the middle of their work, and looks at what is left.

    python -m tests.campaigns.kill_rounds

makes 200 rounds of each kind; `--rounds`, `--kind` and `--minutes` make fewer. Killed are several processes that append
(`sqlite-writers`, `postgresql-writers`), a process that appends for many threads at once as a server does
(`sqlite-server`, `postgresql-threads`), the database's server itself (`postgresql-server`), and what writes to a spool.
Each round writes to the ledger that the rounds before have left. What a writer was told is durable it says on a pipe:
all of that must be there, under the number that it was told, and the chain must be whole. The machine goes on, so that
this is about the order of what is done, not about what the disk keeps when the power fails.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from policy.records.ledger import Ledger, create_ledger, open_ledger
from policy.records.spool import replay_spool, spool_decision
from tests.records.drafts import check_chain, draft_decision, draft_note
from tests.records.server import Server, find_programs, running_server

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 3
THREADS = 8
# Seconds that the server takes at most to end what killed writers had begun.
LONGEST = 60
KINDS = (
    "sqlite-writers",
    "sqlite-server",
    "postgresql-writers",
    "postgresql-threads",
    "postgresql-server",
    "spool-writers",
)
# One process with many threads, whose appends become durable together.
THREADED = ("sqlite-server", "postgresql-threads")
START = "from tests.campaigns.kill_rounds import write; import sys; write(*sys.argv[1:])"


class Tally(NamedTuple):
    """What came of some rounds: how much was acknowledged, and how much was recorded beyond that."""

    rounds: int
    acknowledged: int
    beyond: int


def write(kind: str, place: str, tag: str) -> None:
    """Append until killed, and say what is durable; in a process of its own."""
    number = 0
    if kind == "spool-writers":
        os.write(1, b".")
        while True:
            spool_decision(place, draft_decision(f"{tag}-{number}", note="x" * 2000))
            os.write(1, f"{tag}-{number} 0\n".encode())
            number += 1
    with open_ledger(place, timeout=60) as ledger:
        os.write(1, b".")
        if kind not in THREADED:
            append_on(ledger, tag)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(append_on, [ledger] * THREADS, [f"{tag}-{name}" for name in range(THREADS)]))


def append_on(ledger: Ledger, tag: str) -> None:
    """Append one and several in turn, without end."""
    number = 0
    while True:
        names = [f"{tag}-{number + extra}" for extra in range(1 if number % 3 else 5)]
        entries = ledger.append([*map(draft_decision, names), draft_note(names[0])])
        os.write(1, "".join(f"{name} {entry.seq}\n" for name, entry in zip(names, entries, strict=False)).encode())
        number += len(names)


def start_writers(kind: str, place: str) -> list[subprocess.Popen[bytes]]:
    """Some writers, all of which are at work."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", START, kind, place, os.urandom(6).hex()],
            stdout=subprocess.PIPE,
            # Who loses the server says so, at length.
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        for _ in range(1 if kind in THREADED else WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.read(1)
    return writers


def end_writers(writers: list[subprocess.Popen[bytes]]) -> dict[str, int]:
    """Kill the writers; what they were told is durable, and its number."""
    told = {}
    for writer in writers:
        writer.kill()
    for writer in writers:
        rest, _ = writer.communicate()
        # The last line may be half.
        for line in rest.decode().split("\n")[:-1]:
            name, _, seq = line.rpartition(" ")
            told[name] = int(seq)
    return told


def check(ledger: Ledger, told: dict[str, int], known: int) -> int:
    """Hold the ledger to what was told; how many decisions it has beyond that."""
    check_chain(ledger)
    found = {row.decision_id: row.seq for row in ledger.read_decisions() if row.seq > known}
    for name, seq in told.items():
        recorded = found.pop(draft_decision(name).index.decision_id, None)
        assert recorded is not None, f"{name} was acknowledged and is not there"
        assert seq in (0, recorded), f"{name} was acknowledged as {seq} and is {recorded}"
    return len(found)


def await_ends(ledger: Ledger) -> None:
    """Wait until nothing commits any more: PostgreSQL carries out what a writer had sent before it was killed."""
    if ledger.database.dialect != "postgresql":
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    end = time.monotonic() + LONGEST
    while ledger.read(others) != [(0,)]:
        assert time.monotonic() < end, "a writer that was killed does not end"
        time.sleep(0.01)


def await_word(writers: list[subprocess.Popen[bytes]]) -> None:
    """Wait until each writer has been told that something is durable; it stays to be read."""
    for writer in writers:
        assert isinstance(writer.stdout, io.BufferedReader)
        assert writer.stdout.peek(1), "a writer ended by itself"


def run_round(
    kind: str, place: str, ledger_place: str, server: Server | None, chance: random.Random, *, late: bool
) -> tuple[int, int]:
    """Start, kill, look; how much was acknowledged, and how much more is there. A `late` kill finds something told."""
    with open_ledger(ledger_place) as ledger:
        known = ledger.head()[0]
    writers = start_writers(kind, place)
    if late:
        await_word(writers)
    time.sleep(chance.uniform(0, 0.15))
    if kind == "postgresql-server":
        assert server is not None
        server.kill()
    told = end_writers(writers)
    if kind == "postgresql-server":
        assert server is not None
        server.start()
    with open_ledger(ledger_place) as ledger:
        await_ends(ledger)
        if kind == "spool-writers":
            replay_spool(ledger, place)
        return len(told), check(ledger, told, known)


@contextmanager
def prepared(kind: str, server: Server | None) -> Iterator[tuple[str, str]]:
    """Where is written to, and where the ledger is."""
    with tempfile.TemporaryDirectory() as folder:
        place = f"sqlite:///{folder}/ledger.db"
        if kind.startswith("postgresql"):
            assert server is not None
            place = server.make_database()
        create_ledger(place).close()
        yield (f"{folder}/spool.jsonl" if kind == "spool-writers" else place), place


def run_rounds(kind: str, rounds: int, server: Server | None, seed: int = 0, seconds: float = float("inf")) -> Tally:
    """Rounds of one kind, on one ledger, as many as begin in time. Raises AssertionError where something is lost."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    results: list[tuple[int, int]] = []
    with prepared(kind, server) as (place, ledger_place):
        while len(results) < rounds and time.monotonic() < end:
            results.append(run_round(kind, place, ledger_place, server, chance, late=len(results) % 2 == 1))
    return Tally(len(results), sum(told for told, _ in results), sum(beyond for _, beyond in results))


def say(kind: str, result: Tally | str) -> None:
    """One line of the result."""
    print(f"{kind}: {result}", flush=True)  # noqa: T201 - for whoever watches


def main() -> None:
    """The long campaign."""
    parser = argparse.ArgumentParser(description="Kill writers and servers, and look at what is left.")
    parser.add_argument("--rounds", type=int, default=200, help="of each kind")
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for all kinds, which share them")
    chosen = parser.parse_args()
    seconds = chosen.minutes * 60 / len(chosen.kind)
    programs = find_programs()
    for kind in chosen.kind:
        if not kind.startswith("postgresql"):
            say(kind, run_rounds(kind, chosen.rounds, None, chosen.seed, seconds))
        elif programs is None:
            say(kind, "left out: no PostgreSQL server is installed")
        else:
            with running_server(programs) as server:
                say(kind, run_rounds(kind, chosen.rounds, server, chosen.seed, seconds))


if __name__ == "__main__":
    main()
