"""Questions to git, asked so that nothing in a hostile repository's configuration runs."""

from __future__ import annotations

import os

SAFE_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
SECONDS = 120


class GitError(Exception):
    """git is missing, refused, or did not answer."""


def run_git(folder: str, *arguments: str) -> bytes:
    """What git prints for these arguments in a folder. Raises GitError."""
    import subprocess

    # Whoever calls from inside a hook has GIT_DIR and GIT_INDEX_FILE set: they stay, for the index is what counts there.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell
            ["git", *SAFE_SETTINGS, *arguments],  # noqa: S607 - git is found where the user's PATH says
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git did not answer within {SECONDS} s") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(lines[0].removeprefix("fatal: ") if lines else f"git ended with {done.returncode}")
    return done.stdout
