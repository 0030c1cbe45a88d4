"""Ten thousand manifests: beside only loading the same files, in one process and two, and the memory that it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.manifest_texts import write_manifest, write_projects
from benchmarks.processes import Command
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved

MANY, FEW = 10_000, 1_000
ROUNDS = 3
READING = Budget(2.0)
TWICE = Budget(1.7, least=True)
FLAT = Budget(1.1)
ENDED = (0, 1)
LOAD = """\
import os, sys, yaml
for folder, _, files in os.walk(sys.argv[1]):
    for name in files:
        if name.endswith(".yaml"):
            with open(os.path.join(folder, name), "rb") as stream:
                yaml.load(stream, yaml.CSafeLoader)
"""
ONE, TWO = "check --output json, one process", "check --output json, two processes"


def run() -> bool:
    """Print both tables; whether the budgets are kept."""
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (("many", MANY), ("few", FEW), ("tracked", MANY)):
            write_projects(os.path.join(folder, name), count)
        for arguments in (("init", "--quiet"), ("add", "--all")):
            subprocess.run(("git", *arguments), cwd=os.path.join(folder, "tracked"), check=True)
        within = run_times(folder)
        return run_memory(folder) and within


def check(folder: str, *options: str) -> Command:
    """`policy check` on everything in a folder."""
    return Command((sys.executable, "-m", "tunegate", "check", *options), folder, ENDED)


def run_times(folder: str) -> bool:
    """The times of whole processes."""
    many, tracked = os.path.join(folder, "many"), os.path.join(folder, "tracked")
    commands = {
        "yaml.CSafeLoader": Command((sys.executable, "-c", LOAD, "."), many),
        ONE: check(many, "--output", "json", "--jobs", "1"),
        TWO: check(many, "--output", "json", "--jobs", "2"),
        "check --output text, one process": check(many, "--jobs", "1"),
        "check --output json, one process, git": check(tracked, "--output", "json", "--jobs", "1"),
    }
    times = time_interleaved({name: command.run for name, command in commands.items()}, ROUNDS)
    loading, alone = times["yaml.CSafeLoader"].median, times[ONE].least
    rows, within = [], True
    for name, spent in times.items():
        ratio, faster = spent.median / loading, alone / spent.least
        said = ""
        if name == ONE:
            said, within = READING.say(ratio), within and READING.is_met(ratio)
        elif name == TWO:
            said, within = f"{faster:.2f} times as fast, {TWICE.say(faster)}", within and TWICE.is_met(faster)
        each = f"{spent.median / MANY * 1e6:.0f}"
        rows.append((name, f"{spent.median:.2f}", f"{spent.least:.2f}", each, f"{ratio:.2f}", said))
    lines = sum(write_manifest(number).count("\n") for number in range(FEW)) / FEW
    print_table(
        f"{MANY:,} manifests",
        f"Generated manifests of {lines:.0f} lines in the mean, each in a folder of its own; whole processes with\n"
        f"their start, reports thrown away, {ROUNDS} interleaved runs, s. The ratio is that of the medians to\n"
        "only loading the files. How much faster two processes are is told by the least times: what else runs on two\n"
        "cores slows down two processes more than one.",
        ("process", "median", "least", "µs a manifest", "ratio", "budget"),
        rows,
    )
    return within


def run_memory(folder: str) -> bool:
    """The peak memory for few manifests and for many."""
    rows, within = [], True
    for name, options in {
        ONE: ("--output", "json", "--jobs", "1"),
        "check --output text, one process": ("--jobs", "1"),
        "check --output json, two processes, the larger": ("--output", "json", "--jobs", "2"),
    }.items():
        few, many = (check(os.path.join(folder, part), *options).measure_memory() for part in ("few", "many"))
        within &= FLAT.is_met(many / few)
        rows.append((name, f"{few / 1e6:.1f}", f"{many / 1e6:.1f}", f"{many / few:.2f}", FLAT.say(many / few)))
    print_table(
        f"Peak memory for {FEW:,} and {MANY:,} manifests",
        "The largest resident size that the system saw, in MB.",
        ("process", f"{FEW:,}", f"{MANY:,}", "ratio", "budget"),
        rows,
    )
    return within
