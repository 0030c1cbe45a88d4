"""The Action's steps by name, and the boundary that turns errors into annotations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.gates.action.check import INTERNAL_ERROR, check
from policy.gates.action.comment import comment
from policy.gates.action.runner import annotate, write_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = {"check": check, "comment": comment}


def main(arguments: Sequence[str]) -> int:
    """Run a step, and return the exit code with which it ends."""
    (name,) = arguments
    try:
        return STEPS[name](os.environ)
    except PolicyError as error:
        for problem in error.problems:
            annotate("error", "wrong input", problem.message, f"help: {problem.remedy}")
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 - the boundary: a bug of ours is said in one line
        if os.environ.get("POLICY_DEBUG"):
            import traceback

            traceback.print_exc()
        annotate("error", "a bug in tunegate", f"{type(error).__name__}: {error}", "help: please report it")
        code = INTERNAL_ERROR
    write_outputs(os.environ, {"verdict": "error", "exit-code": str(code)})
    return code
