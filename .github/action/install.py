"""Installs tunegate from its own checkout, in an environment that nothing else in the job sees.

Run by whatever Python the job has, with `-I`; only the standard library is there.
"""

# ruff: noqa: INP001 - a script, no package
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
# What the installed package is made of.
PARTS = ("src", "policies", "pyproject.toml", "README.md", "LICENSE", os.path.relpath(REQUIREMENTS, ROOT))
OLDEST = (3, 11)
# Settings of the job that would put packages elsewhere, or other ones; where to get them from stays the job's choice.
DIVERTING = (
    "PIP_CONSTRAINT",
    "PIP_EDITABLE",
    "PIP_NO_BINARY",
    "PIP_PREFIX",
    "PIP_REQUIREMENT",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
)


class InstallError(Exception):
    """Why there is no tunegate, and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def main() -> int:
    """Tell the next steps which Python has tunegate."""
    try:
        python = install(os.environ["RUNNER_TEMP"])
    except InstallError as error:
        sys.stdout.write(f"::error title=tunegate is not installed::{error.message}%0Ahelp: {error.remedy}\n")
        return 2
    delimiter = f"end-{uuid.uuid4()}"
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as stream:
        stream.write(f"python<<{delimiter}\n{python}\n{delimiter}\n")
    return 0


def install(folder: str) -> str:
    """The Python of an environment below the folder; an earlier step of the job may have made it."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        message = f"tunegate needs Python {'.'.join(map(str, OLDEST))} or later, and python3 is {found}"
        raise InstallError(message, "run actions/setup-python before this action")
    place = os.path.join(folder, f"tunegate-{digest_parts()[:16]}")
    whole = os.path.join(place, "whole")
    python = os.path.join(place, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
    if os.path.exists(whole):
        sys.stdout.write("tunegate is there already: an earlier step of the job has installed it\n")
    else:
        shutil.rmtree(place, ignore_errors=True)
        make_environment(place, python)
        with open(whole, "x", encoding="utf-8"):
            sys.stdout.write(f"tunegate is installed in {place}\n")
    return python


def make_environment(place: str, python: str) -> None:
    """Packages first, by their digests; then tunegate, built by them without asking any index."""
    call([sys.executable, "-I", "-m", "venv", place], "use a Python with venv: run actions/setup-python before")
    pip = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    remedy = "the log above has pip's reason; where a mirror is used, it must have the files of requirements.txt"
    call([*pip, "--require-hashes", "--only-binary=:all:", f"--requirement={REQUIREMENTS}"], remedy)
    call([*pip, "--no-deps", "--no-build-isolation", "--no-index", ROOT], "the log above has the reason")


def call(command: list[str], remedy: str) -> None:
    """Run a command in the folder of the action, where nothing of the job's project is."""
    kept = {name: value for name, value in os.environ.items() if name not in DIVERTING}
    done = subprocess.run(command, cwd=HERE, env=kept, stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - our own
    if done.returncode:
        message = f"`{' '.join(os.path.basename(part) for part in command[:5])} ...` ended with {done.returncode}"
        raise InstallError(message, remedy)


def digest_parts() -> str:
    """A digest of everything that is installed, and of the Python that it is installed for."""
    digest = hashlib.sha256(f"{sys.version}\0{sys.executable}\0{ROOT}".encode())
    for part in PARTS:
        for path in list_files(os.path.join(ROOT, part)):
            with open(path, "rb") as stream:
                digest.update(f"\0{os.path.relpath(path, ROOT)}\0".encode() + hashlib.sha256(stream.read()).digest())
    return digest.hexdigest()


def list_files(path: str) -> list[str]:
    """The file itself, or every file below the folder that is no compiled one."""
    if os.path.isfile(path):
        return [path]
    found = (os.path.join(above, name) for above, _, names in os.walk(path) for name in names)
    return sorted(file for file in found if not file.endswith(".pyc"))


if __name__ == "__main__":
    sys.exit(main())
