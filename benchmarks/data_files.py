"""Data files: what it costs to count, hash, check and compare them, beside the least that parsing them needs.

The content of 200 MB is looked into, or of as many as the environment variable CONTENT_MB says.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib.util import find_spec
from itertools import islice
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
    "import sys; from policy.evidence.data.files import observe_file as o; assert o(sys.argv[1], sys.argv[1]).rows"
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


# The cache is off: what is measured is the scan.
COMPARE = """\
import os, sys
os.environ["POLICY_CACHE"] = "off"
from policy.evidence.data.split_reader import SplitReader
found = SplitReader().compare("/", {sys.argv[1]: "rows.jsonl"}, dict.fromkeys(sys.argv[2:], "held.jsonl"))
assert found.repetition.repeated is not None
"""
PARSE_FAST = """\
import sys
from orjson import loads
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        loads(line)
"""
PARSE_FAST_TOO = """\
import sys
from msgspec.json import Decoder
decode = Decoder().decode
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        decode(line)
"""
CONTENT_SIZE = int(os.environ.get("CONTENT_MB", "200")) * 1024**2
CONTENT = "rows, SHA-256, format, tokens, repeated rows"
OURS = {
    CONTENT: (COMPARE, "rows.jsonl"),
    "the same, and overlap with 1,000 rows": (COMPARE, "rows.jsonl", "held.jsonl"),
}
PARSERS = {"orjson": (PARSE_FAST, "rows.jsonl"), "msgspec": (PARSE_FAST_TOO, "rows.jsonl")}
SPEED = Budget(2)


def run() -> bool:
    """Print the tables; whether memory stays flat and the scan keeps its budget."""
    counted, content = run_counting(), run_content()
    return counted and content


def run_content() -> bool:
    """Print what it costs to look into the rows, beside parsers that do no more than parse them."""
    parsers = {f"{name}: parse a line": way for name, way in PARSERS.items() if find_spec(name)}
    if not parsers:
        print("\norjson or msgspec is needed to measure what looking into the rows costs", flush=True)
        return True
    with tempfile.TemporaryDirectory() as folder:
        large, small = (os.path.join(folder, part) for part in ("large", "small"))
        for part, size in ((large, CONTENT_SIZE), (small, CONTENT_SIZE // 4)):
            write_lines(part, size)
            write_held_out(part)
        commands = {name: Command((sys.executable, "-c", *way), large) for name, way in {**OURS, **parsers}.items()}
        times = time_interleaved({name: command.run for name, command in commands.items()}, 2 * ROUNDS + 1)
        least = {name: spent.least for name, spent in times.items()}
        parsing = min(least[name] for name in parsers)
        rows, within = [], SPEED.is_met(least[CONTENT] / parsing)
        for name, seconds in least.items():
            peak = commands[name].measure_memory()
            growth = peak / commands[name]._replace(folder=small).measure_memory()
            within &= name not in OURS or FLAT.is_met(growth)
            rows.append(
                (
                    name,
                    f"{seconds:.2f}",
                    f"{seconds * 1e9 / CONTENT_SIZE:.1f}",
                    f"{seconds / parsing:.2f}",
                    SPEED.say(seconds / parsing) if name == CONTENT else "",
                    f"{peak / 1e6:.0f}",
                    f"{growth:.2f}",
                    FLAT.say(growth) if name in OURS else "",
                )
            )
    print_table(
        f"Content of {CONTENT_SIZE // 1024**2} MB of JSON Lines",
        "Chat rows of about 1 kB; whole processes, the least of interleaved runs in s, and scaled to 1 GB. The ratio\n"
        "is that to the faster parser; memory is the peak in MB, and its growth that against a quarter of the file.",
        ("process", "s", "1 GB", "ratio", "budget", "memory", "growth", "budget"),
        rows,
    )
    return within


def run_counting() -> bool:
    """Print what it costs to count and hash; whether memory stays flat."""
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


def write_lines(folder: str, size: int) -> None:
    """Rows as JSON Lines only, about so many bytes."""
    os.makedirs(folder)
    with open(os.path.join(folder, "rows.jsonl"), "w", encoding="utf-8") as lines:
        lines.writelines(row + "\n" for row in generate_rows(size))


def write_held_out(folder: str) -> None:
    """Every fiftieth of the first rows as evaluation data, up to 1,000."""
    with (
        open(os.path.join(folder, "rows.jsonl"), "rb") as lines,
        open(os.path.join(folder, "held.jsonl"), "wb") as held,
    ):
        held.writelines(line for number, line in enumerate(islice(lines, 50_000)) if not number % 50)


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
