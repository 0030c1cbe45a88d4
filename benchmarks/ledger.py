"""Durable appends to a ledger beside the disk's own: append and fdatasync, turn by turn in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.table import Budget, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.records.ledger import Ledger
    from policy.records.objects import Draft

ROUNDS, APPENDS, BATCHES, BATCH, WRITERS = 9, 400, 8, 100, 4
LARGE = 100_000
BUDGETS = {
    "SQLite, one by one": Budget(0.6, least=True),
    f"SQLite, {BATCH} at a time": Budget(5, least=True),
    f"PostgreSQL, {WRITERS} writers": Budget(0.1, least=True),
}
PLACE = {"name": "acme", "config": "policy.yaml", "origin": "work tree", "gate": "check"}
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WRITER = "from benchmarks.ledger import write; import sys; write(*sys.argv[1:])"


def run() -> bool:
    """Print the table; whether the budgets are kept."""
    from tests.records.server import find_programs, running_server

    programs = find_programs()
    rates = Rates()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=os.environ.get("LEDGER_FOLDER")))
        server = stack.enter_context(running_server(programs)) if programs is not None else None
        for number in range(ROUNDS):
            measure(rates, "SQLite", f"sqlite:///{folder}/ledger-{number}.db", folder)
            if server is not None:
                measure(rates, "PostgreSQL", server.make_database(), folder)
        measure_large(rates, f"sqlite:///{folder}/large.db", folder)
    return print_rates(rates)


class Rates:
    """What the ways wrote a second in each round, as such and beside the disk, and the longest wait of each."""

    def __init__(self) -> None:
        self.disk: list[float] = []
        self.rates: dict[str, list[float]] = {}
        self.ratios: dict[str, list[float]] = {}
        self.waits: dict[str, float] = {}

    def add(self, way: str, append: Callable[[], tuple[float, float]], folder: str) -> None:
        """Measure one way; the disk is asked before and after, for others use it, too."""
        before = append_to_disk(folder)
        rate, wait = append()
        disk = (before + append_to_disk(folder)) / 2
        self.disk.append(disk)
        self.rates.setdefault(way, []).append(rate)
        self.ratios.setdefault(way, []).append(rate / disk)
        self.waits[way] = max(self.waits.get(way, 0.0), wait)


def measure(rates: Rates, name: str, place: str, folder: str) -> None:
    """One round, on a ledger of its own."""
    from policy.records.ledger import create_ledger

    with create_ledger(place) as ledger:
        go_round(ledger)
        append_batches(ledger, "before")
        rates.add(f"{name}, one by one", lambda: append_single(ledger, "single"), folder)
        rates.add(f"{name}, {BATCH} at a time", lambda: append_batches(ledger, "batch"), folder)
        rates.add(f"{name}, {WRITERS} writers", lambda: append_together(place, "writer"), folder)


def measure_large(rates: Rates, place: str, folder: str) -> None:
    """What is found by its digest is all over a large file."""
    from policy.records.ledger import create_ledger

    with create_ledger(place) as ledger:
        go_round(ledger)
        for number in range(LARGE // (BATCH * BATCHES)):
            append_batches(ledger, f"before-{number}")
        for number in range(ROUNDS):
            rates.add(f"SQLite of {LARGE:,}, one by one", partial(append_single, ledger, f"s{number}"), folder)
            rates.add(f"SQLite of {LARGE:,}, {BATCH} at a time", partial(append_batches, ledger, f"b{number}"), folder)


def print_rates(rates: Rates) -> bool:
    """The table; whether the budgets are kept."""
    rows = [("the disk's own append + fdatasync", f"{median(rates.disk):,.0f}", "1.00", "", "")]
    within = True
    for way, found in rates.rates.items():
        ratio, budget = median(rates.ratios[way]), BUDGETS.get(way)
        within = within and (budget is None or budget.is_met(ratio))
        said = budget.say(ratio) if budget else ""
        rows.append((way, f"{median(found):,.0f}", f"{ratio:.2f}", f"{rates.waits[way] * 1000:,.1f}", said))
    method = (
        "Small decisions of about 640 bytes with the index that they are found by, durable when the call returns; the\n"
        f"disk is given as many bytes. Medians of {ROUNDS} rounds, each on a new ledger of a thousand entries\n"
        f"whose log has been round once, or on one of {LARGE:,}; each ratio is to the disk just before and\n"
        "after. The longest wait is that of one call, ms."
    )
    print_table("Appending to a ledger", method, ("way", "a second", "ratio", "longest wait", "budget"), rows)
    return within


def make_draft(tag: str, number: int) -> Draft:
    """A decision as small ones are."""
    from policy.records.objects import DecisionRow, Draft

    decision_id = "sha256:" + sha256(f"{tag} {number}".encode()).hexdigest()
    row = DecisionRow(
        decision_id,
        f"team-{number % 40}/project",
        "check",
        "allow",
        "2026-11-20T10:00:00Z",
        "s" * 71,
        "f" * 71,
        "t" * 71,
    )
    payload = {
        "format": "policy-decision-record/1",
        "decision": {"id": decision_id, "policy_set": row.policy_set, "mode": "enforce"},
        "inputs": {"policy_set": row.policy_set},
        "place": PLACE,
        "text": "x" * 210,
    }
    return Draft("decision", payload, (), row)


def go_round(ledger: Ledger) -> None:
    """Write more than SQLite's log takes, as it is while a server runs: a log that grows costs half as much again."""
    from policy.records.objects import Draft

    for number in range(40):
        ledger.append([Draft("note", {"text": f"{number}" * 500_000})])


def append_to_disk(folder: str) -> float:
    """Appends a second to a file, each on the disk before the next."""
    path = os.path.join(folder, "appended")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    data = b"x" * 640
    start = perf_counter()
    for _ in range(APPENDS):
        os.write(file, data)
        os.fdatasync(file)
    seconds = perf_counter() - start
    os.close(file)
    os.unlink(path)
    return APPENDS / seconds


def append_single(ledger: Ledger, tag: str) -> tuple[float, float]:
    """Appends a second, one after the other, and the longest."""
    drafts = [make_draft(tag, number) for number in range(APPENDS)]
    longest, start = 0.0, perf_counter()
    last = start
    for draft in drafts:
        ledger.append([draft])
        now = perf_counter()
        longest, last = max(longest, now - last), now
    return APPENDS / (last - start), longest


def append_batches(ledger: Ledger, tag: str) -> tuple[float, float]:
    """Entries a second in batches, and the longest batch."""
    batches = [[make_draft(f"{tag}b{batch}", number) for number in range(BATCH)] for batch in range(BATCHES)]
    longest, start = 0.0, perf_counter()
    last = start
    for batch in batches:
        ledger.append(batch)
        now = perf_counter()
        longest, last = max(longest, now - last), now
    return BATCH * BATCHES / (last - start), longest


def append_together(place: str, tag: str) -> tuple[float, float]:
    """Appends a second of several processes together, and the longest wait of any."""
    writers = [
        subprocess.Popen(
            (sys.executable, "-c", WRITER, place, f"{tag}c{number}"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    start = perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    longest = max(float(writer.communicate()[0]) for writer in writers)
    return WRITERS * APPENDS / (perf_counter() - start), longest


def write(place: str, tag: str) -> None:
    """What each of several writers does: wait for the start, append, and say how long it waited at most."""
    from policy.records.ledger import open_ledger

    with open_ledger(place, timeout=60) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        print(append_single(ledger, tag)[1])
