"""How fast a ledger is verified: entries a second on one core, from an SQLite file, every hash computed anew."""

from __future__ import annotations

import os
import tempfile
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.processes import Command, find_script
from benchmarks.table import Budget, print_table
from policy.records.ledger import create_ledger
from policy.records.objects import DecisionRow, Draft, digest_bytes, store_json
from policy.records.scanning import Scan
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.records.snapshot import Snapshot

SIZE = 300_000
SMALL = SIZE // 4
BATCH = 1000
ROUNDS = 5
SPEED = Budget(300_000, "/s", least=True)
FLAT = Budget(1.1)
# What a decision is made of, in about as many bytes as a real one has.
OUTCOMES = [{"policy": f"policy-{number}", "outcome": "pass", "message": "x" * 60} for number in range(50)]


def run() -> bool:
    """Print the table; whether verifying is as fast as its budget asks, and memory stays flat."""
    with tempfile.TemporaryDirectory() as folder:
        notes, small, decisions = (f"sqlite:///{os.path.join(folder, name)}.db" for name in ("n", "s", "d"))
        write_ledger(notes, SIZE, make_note)
        write_ledger(small, SMALL, make_note)
        write_ledger(decisions, SMALL // 5, make_decision)
        ways: dict[str, tuple[str, int, Callable[[Snapshot], object]]] = {
            "rows read, nothing computed": (notes, SIZE, read_rows),
            "entries: leaves, chain, root": (notes, SIZE, scan_entries),
            "all, with the payloads of notes": (notes, SIZE, verify_ledger),
            "all, with decisions of 5 kB and their index": (decisions, SMALL // 5, verify_ledger),
        }
        rows, within = [], True
        for name, (url, size, action) in ways.items():
            speed = size / median(time_action(url, action))
            budgeted = action is scan_entries
            within &= not budgeted or SPEED.is_met(speed)
            rows.append((name, f"{size:,}", f"{speed:,.0f}", SPEED.say(speed) if budgeted else ""))
        peak, before = (measure_memory(url, folder) for url in (notes, small))
        within &= FLAT.is_met(peak / before)
        rows.append(("memory, in MB", f"{SIZE:,}", f"{peak / 1e6:.0f}", f"growth {FLAT.say(peak / before)}"))
    print_table(
        "Verifying a ledger",
        f"An SQLite ledger, seconds of the processor on one core, medians of {ROUNDS} runs. Memory is the peak of\n"
        "`policy ledger verify`, and its growth that against a quarter of the entries.",
        ("what is done", "entries", "entries/s", "budget"),
        rows,
    )
    return within


def time_action(url: str, action: Callable[[Snapshot], object]) -> Iterator[float]:
    """Seconds of the processor that each run takes; other programs do not count."""
    for _ in range(ROUNDS):
        with open_snapshot(url) as snapshot:
            start = process_time()
            action(snapshot)
            yield process_time() - start


def read_rows(snapshot: Snapshot) -> None:
    """Fetch all entries."""
    for _ in snapshot.read_batches():
        pass


def scan_entries(snapshot: Snapshot) -> None:
    """Compute all that entries are bound by."""
    if Scan(snapshot.id).read(snapshot.read_batches()).findings.total:
        raise RuntimeError("the ledger of the benchmark does not fit itself")


def measure_memory(url: str, folder: str) -> int:
    """The peak of the command."""
    script = find_script("policy")
    if script is None:
        raise RuntimeError("install the package: `pip install -e .`")
    return Command((script, "ledger", "verify", "--ledger", url), folder).measure_memory()


def write_ledger(url: str, size: int, make: Callable[[int], Draft]) -> None:
    """A ledger of so many entries."""
    with create_ledger(url) as ledger:
        for start in range(0, size, BATCH):
            ledger.append([make(number) for number in range(start, start + BATCH)])


def make_note(number: int) -> Draft:
    """A small entry."""
    return Draft("note", {"number": number})


def make_decision(number: int) -> Draft:
    """A decision of about 5 kB with two inputs."""
    facts: Sequence[object] = [["data.rows", number, "observed"]] * 20
    inputs = {"facts": store_json("facts", [facts, number]), "policy_set": store_json("policy-set", {})}
    decision = {
        "id": digest_bytes(b"%d" % number),
        "project": f"project-{number % 97}",
        "gate": "ci",
        "time": "2026-11-20T10:00:00Z",
        "verdict": "allow",
        "policy_set": inputs["policy_set"].digest,
        "stake": None,
        "outcomes": OUTCOMES,
    }
    given = {name: item.digest for name, item in inputs.items()}
    gate, time, verdict = (str(decision[name]) for name in ("gate", "time", "verdict"))
    index = DecisionRow(
        str(decision["id"]), str(decision["project"]), gate, verdict, time, given["policy_set"], given["facts"], ""
    )
    return Draft("decision", {"decision": decision, "inputs": given}, tuple(inputs.values()), index)
