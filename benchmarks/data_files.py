"""Data files: what it costs to count, hash and check them, beside the least that the standard library needs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from random import Random
from typing import TYPE_CHECKING

from benchmarks.processes import Command
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 100 * 1024**2
SMALL = SIZE // 4
ROUNDS = 3
FLAT = Budget(1.1)
OBSERVE = (
    "import sys; from policy.evidence.data_files import observe_file as o; assert o(sys.argv[1], sys.argv[1]).rows"
)
HASH = """\
import hashlib, sys
digest, lines = hashlib.sha256(), 0
with open(sys.argv[1], "rb") as stream:
    while block := stream.read(1 << 20):
        digest.update(block)
        lines += block.count(b"\\n")
"""
PARSE_LINES = """\
import json, sys
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        json.loads(line)
"""
PARSE_ARRAY = "import json, sys; json.load(open(sys.argv[1], 'rb'))"
WAYS = {
    "rows, bytes, SHA-256, format: JSON Lines": (OBSERVE, "rows.jsonl"),
    "rows, bytes, SHA-256, format: JSON array": (OBSERVE, "rows.json"),
    "SHA-256 and lines counted": (HASH, "rows.jsonl"),
    "json.loads a line": (PARSE_LINES, "rows.jsonl"),
    "json.load of the array": (PARSE_ARRAY, "rows.json"),
}


def run() -> bool:
    """Print the table; whether memory stays flat."""
    with tempfile.TemporaryDirectory() as folder:
        for part, size in (("large", SIZE), ("small", SMALL)):
            write_rows(os.path.join(folder, part), size)
        large, small = (os.path.join(folder, part) for part in ("large", "small"))
        commands = {name: Command((sys.executable, "-c", *way), large) for name, way in WAYS.items()}
        times = time_interleaved({name: command.run for name, command in commands.items()}, ROUNDS)
        least = times["json.loads a line"].median
        rows, within = [], True
        for name, spent in times.items():
            peak = commands[name].measure_memory()
            growth = peak / commands[name]._replace(folder=small).measure_memory()
            ours = name.startswith("rows")
            within &= not ours or FLAT.is_met(growth)
            rows.append(
                (
                    name,
                    f"{spent.median:.2f}",
                    f"{SIZE / spent.median / 1e6:.0f}",
                    f"{spent.median / least:.2f}",
                    f"{peak / 1e6:.0f}",
                    f"{growth:.2f}",
                    FLAT.say(growth) if ours else "",
                )
            )
    print_table(
        f"Data files of {SIZE // 1024**2} MB",
        f"Chat rows of about 1 kB; whole processes, {ROUNDS} interleaved runs, medians in s. The ratio is that to\n"
        "`json.loads` of each line; memory is the peak in MB, and its growth that against a quarter of the file.",
        ("process", "s", "MB/s", "ratio", "memory", "growth", "budget"),
        rows,
    )
    return within


def write_rows(folder: str, size: int) -> None:
    """The same rows as JSON Lines and as one array, about so many bytes each."""
    os.makedirs(folder)
    with (
        open(os.path.join(folder, "rows.jsonl"), "w", encoding="utf-8") as lines,
        open(os.path.join(folder, "rows.json"), "w", encoding="utf-8") as array,
    ):
        array.write("[")
        for number, row in enumerate(generate_rows(size)):
            lines.write(row + "\n")
            array.write(f",\n{row}" if number else row)
        array.write("]\n")


def generate_rows(size: int) -> Iterator[str]:
    """Rows of a conversation, until there are so many bytes."""
    random = Random(7)
    words = ["the", "order", "was", "sent", "on", "Monday", "and", "your", "reply", "should", "stay", "“warm”", "naïve"]
    written = 0
    while written < size:
        turns = [{"role": role, "content": " ".join(random.choices(words, k=80))} for role in ("user", "assistant")]
        row = json.dumps({"messages": turns, "id": random.randrange(10**9)}, ensure_ascii=False)
        written += len(row.encode()) + 1
        yield row
