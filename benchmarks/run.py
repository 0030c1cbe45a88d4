"""Runs the benchmarks, or those named: `python benchmarks/run.py [NAME ...]`; some run only when named."""

from __future__ import annotations

import os
import sys
from importlib import import_module

NAMES = ("startup", "judging", "manifests", "reports", "data_files", "scan", "ledger", "ledger_verify")
NAMED_ONLY = ("imports", "corpus_score", "licenses", "preview", "audit", "mlflow_runs")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 2 where a name is unknown, 1 where a budget is exceeded."""
    known = (*NAMES, *NAMED_ONLY)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    # The benchmarks import each other as a package; from here they would hide modules of the same name.
    sys.path[0] = ROOT
    print(import_module("benchmarks.machine").describe_machine(), flush=True)
    within = [import_module(f"benchmarks.{name}").run() for name in names or NAMES]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
