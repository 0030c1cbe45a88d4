"""The way in: starts the command from its own package, whatever else on the path is called `policy`."""

from __future__ import annotations

import gc
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INTERRUPTED = 130
MANY_OBJECTS = 50_000


def leave_working_folder() -> None:
    """Import nothing from the working folder: it is what is judged, and may hold a `yaml.py` of its own."""
    try:
        working = os.path.realpath(os.getcwd())
    except FileNotFoundError:
        working = ""
    sys.path[:] = [entry for entry in sys.path if entry == HERE or (entry and os.path.realpath(entry) != working)]


def import_package() -> str:
    """Import `policy`, this folder's before any other, and return the place it came from."""
    path = sys.path[:]
    sys.path.insert(0, HERE)
    try:
        import policy
    except ImportError as error:
        return f"nowhere ({error})"
    finally:
        sys.path[:] = path
    # A folder without an __init__ has no file, only a path.
    return policy.__file__ or os.path.join(next(iter(policy.__path__)), "")


def is_ours(origin: str) -> bool:
    """Whether a package that came from `origin` is the one beside this file."""
    return os.path.realpath(os.path.dirname(origin)) == os.path.realpath(os.path.join(HERE, "policy"))


def main() -> int:
    """Run the command line and return its exit code; 2 where another `policy` stands in its place."""
    # What is imported stays: to look for garbage in it again and again is a twentieth of a short run.
    gc.set_threshold(MANY_OBJECTS)
    leave_working_folder()
    origin = import_package()
    if not is_ours(origin):
        sys.stderr.write(
            f"error: tunegate needs its own package `policy`, but Python loaded it from {origin}\n"
            f"  help: remove or rename that one, or the .pth or sitecustomize file that imports it;"
            f" tunegate's own belongs in {os.path.join(HERE, 'policy')} (reinstall it if it is missing)\n"
        )
        return 2
    try:
        from policy.gates.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while the command itself is still being imported
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
