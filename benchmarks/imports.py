"""Where the imports of `policy check` spend their time, as Python's `-X importtime` tells it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from benchmarks.processes import clean_environment
from benchmarks.table import print_table

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
RUNS = 11
SHOWN = 15


def run() -> bool:
    """Print the slowest of our own modules, and what each package takes; there is no budget for it."""
    least: dict[str, int] = {}
    for _ in range(RUNS):
        for module, spent in measure_imports().items():
            least[module] = min(spent, least.get(module, spent))
    packages: dict[str, list[int]] = {}
    for module, spent in least.items():
        packages.setdefault(module.partition(".")[0], []).append(spent)
    method = f"`-X importtime`, the least of {RUNS} runs, µs without what a module imports itself."
    ours = sorted(((spent, module) for module, spent in least.items() if module.startswith("policy.")), reverse=True)
    print_table(
        f"Imports of `policy check`: our own modules, the slowest {SHOWN} of {len(ours)}",
        method,
        ("module", "µs"),
        [(module, str(spent)) for spent, module in ours[:SHOWN]],
    )
    most = sorted(packages.items(), key=lambda item: -sum(item[1]))[:SHOWN]
    print_table(
        "Imports of `policy check` by package",
        method,
        ("package", "modules", "µs"),
        [(name, str(len(spent)), str(sum(spent))) for name, spent in most],
    )
    return True


def measure_imports() -> dict[str, int]:
    """Module to the microseconds that it took."""
    arguments = (sys.executable, "-X", "importtime", "-m", "tunegate", "check", "examples/ticket-triage")
    done = subprocess.run(arguments, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    return {found[2]: int(found[1]) for found in map(LINE.match, done.stderr.splitlines()) if found}
