"""The scan for secrets and personal data, beside reading the file and beside the patterns in `re`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from random import Random
from typing import TYPE_CHECKING

from benchmarks.data_files import generate_rows
from benchmarks.processes import Command
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 100 * 1024**2
SMALL = SIZE // 4
ROUNDS = 3
SPEED = Budget(30, " MB/s", least=True)
FLAT = Budget(1.1)
SCAN = """\
import sys
from policy.evidence.scan.files import scan_file
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
scanned = scan_file(sys.argv[1], (SECRETS, PERSONAL_DATA))
assert all(findings.total for findings in scanned.findings.values())
"""
READ = """\
import sys
with open(sys.argv[1], "rb") as stream:
    while block := stream.read(1 << 20):
        pass
"""
# The same search for places to look at, as the standard library does it; nothing is confirmed.
SEARCH = """\
import re, sys
from policy.evidence.scan import addresses, assignments, national_ids, payment, phones, secrets
patterns = [re.compile(pattern) for pattern in (
    addresses._SIGN, assignments._ANCHOR, national_ids._FORMATTED_START, national_ids._NAME, payment._CARD,
    payment._IBAN_START, phones._PHONE, secrets._ANCHORS, secrets._URL_PASSWORD)]
with open(sys.argv[1], "rb") as stream:
    while block := stream.read(1 << 20):
        for pattern in patterns:
            for match in pattern.finditer(block):
                pass
"""
WAYS = {
    "the scan: text as UTF-8": (SCAN, "plain.jsonl"),
    "the scan: text in escapes": (SCAN, "escaped.jsonl"),
    "the file read": (READ, "plain.jsonl"),
    "the places searched for with `re`": (SEARCH, "plain.jsonl"),
}


def run() -> bool:
    """Print the table; whether the scan is as fast as its budget asks, and memory stays flat."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = os.path.join(folder, "large"), os.path.join(folder, "small")
        write_files(large, SIZE)
        write_files(small, SMALL)
        commands = {name: Command((sys.executable, "-c", *way), large) for name, way in WAYS.items()}
        times = time_interleaved({name: command.run for name, command in commands.items()}, ROUNDS)
        rows, within = [], True
        for name, spent in times.items():
            speed = SIZE / spent.median / 1e6
            peak = commands[name].measure_memory()
            growth = peak / commands[name]._replace(folder=small).measure_memory()
            ours = name.startswith("the scan")
            within &= not ours or (SPEED.is_met(speed) and FLAT.is_met(growth))
            budget = f"{SPEED.say(speed)}, growth {FLAT.say(growth)}" if ours else ""
            rows.append((name, f"{spent.median:.2f}", f"{speed:.0f}", f"{peak / 1e6:.0f}", f"{growth:.2f}", budget))
    print_table(
        f"Secrets and personal data in {SIZE // 1024**2} MB",
        "Chat rows of about 1 kB with two findings in a thousand rows, as UTF-8 and with line breaks and all that is\n"
        f"not ASCII in escapes; whole processes on one core, {ROUNDS} interleaved runs, medians in s. Memory is the\n"
        "peak in MB, and its growth that against a quarter of the file.",
        ("process", "s", "MB/s", "memory", "growth", "budget"),
        rows,
    )
    return within


def write_files(folder: str, size: int) -> None:
    """Rows with few findings, about so many bytes in each of two files."""
    os.makedirs(folder)
    with (
        open(os.path.join(folder, "plain.jsonl"), "w", encoding="utf-8") as plain,
        open(os.path.join(folder, "escaped.jsonl"), "w", encoding="utf-8") as escaped,
    ):
        plain.writelines(row + "\n" for row in plant_findings(generate_rows(size)))
        escaped.writelines(escape(row) + "\n" for row in plant_findings(generate_rows(size - size // 8)))


def escape(row: str) -> str:
    """The row with line breaks in its text, and with nothing but ASCII."""
    return json.dumps(json.loads(row.replace(" and ", "\\nand ")))


def plant_findings(rows: Iterator[str]) -> Iterator[str]:
    """The rows, with an address and a token in every thousandth."""
    random = Random(7)
    for number, row in enumerate(rows):
        token = "".join(random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=36)) if number % 1000 == 0 else ""
        yield row.replace("order", f"erika.mustermann@gmx.de gh{'p'}_{token}", 1) if token else row
