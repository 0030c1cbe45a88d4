"""Lets `action.yml` call a step by its name: `python -m policy.gates.action check`."""

from __future__ import annotations

import sys

from policy.gates.action.main import main

if hasattr(sys.stdout, "reconfigure"):
    # On Windows it takes fewer characters than a name may have.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
sys.exit(main(sys.argv[1:]))
