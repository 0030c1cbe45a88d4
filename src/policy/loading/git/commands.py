"""Questions to git, asked so that nothing in a hostile repository's configuration runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SAFE_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
SECONDS = 120
# What a hook sets about the repository that it runs in; git lists them with `rev-parse --local-env-vars`.
OF_ONE_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
# They change what a path on git's command line means.
OF_PATHS = ("GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS")

# No waiting locks, questions, other languages or networks; and no other content under an object's name: whoever may
# push could push a replacement too.
ALWAYS = {
    # For a partial clone that lacks something: an older git does not know GIT_NO_LAZY_FETCH.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitError(Exception):
    """git is missing, refused, or did not answer."""


def find_repository(folder: str) -> str | None:
    """The nearest folder at or above `folder`, a real path, that holds a repository or the link to one."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def run_git(
    folder: str,
    *arguments: str,
    data: bytes = b"",
    accepted: tuple[int, ...] = (0,),
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """What git prints for these arguments in a folder, with `data` on its standard input. Raises GitError.

    `variables` say which repository is asked, such as GIT_DIR; without them it is the one that the folder lies in.
    """
    import subprocess

    meter = find_meter()
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and git is looked up in absolute folders only
            [find_git(), *SAFE_SETTINGS, *arguments],
            cwd=folder,
            env=find_variables(folder) if variables is None else {**_keep_variables(OF_ONE_REPOSITORY), **variables},
            input=data,
            capture_output=True,
            timeout=meter.limit_seconds(SECONDS),
            check=False,
        )
    except OSError as error:
        raise GitError(f"git cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        meter.check_time()
        raise GitError(f"git did not answer within {SECONDS} s") from None
    if done.returncode not in accepted:
        raise GitError(find_reason(done.stderr) or f"git ended with {done.returncode}")
    return done.stdout


def find_git() -> str:
    """The git that PATH leads to. Raises GitError.

    Relative folders in PATH are passed over: they would be looked up in the repository that is judged.
    """
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for name in ("git", "git.exe"):
            path = os.path.join(folder, name)
            if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    raise GitError("git is not installed")


def find_variables(folder: str) -> dict[str, str]:
    """The environment in which git is asked about the repository that a folder lies in."""
    # Inside a hook the index that is being committed counts, but only for the repository of that hook.
    ours = find_repository(os.path.realpath(".")) == folder
    kept = _keep_variables(() if ours else OF_ONE_REPOSITORY)
    if os.path.lexists(os.path.join(folder, ".git")):
        # `core.worktree` could point elsewhere, and what is here would be no file of the repository.
        kept["GIT_WORK_TREE"] = folder
    return kept


def _keep_variables(dropped: Iterable[str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in (*OF_PATHS, *dropped)}
    return {**kept, **ALWAYS}


def find_reason(said: bytes) -> str:
    """The line of git's errors that says why it gave up."""
    lines = said.decode(errors="replace").strip().splitlines()
    fatal = next((line for line in lines if line.startswith("fatal: ")), "")
    return fatal.removeprefix("fatal: ") or (lines[0] if lines else "")
