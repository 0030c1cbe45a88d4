"""A guarded server and a client of every version of MLflow that is supported, each asked for the same.

    python -m tests.campaigns.mlflow_versions

makes an environment for one version after the other (a minute and 1 GB each, gone when it is done), starts real servers
there, under uvicorn and under gunicorn, and prints what works; `abroad` is its client at a server of the MLflow that is
installed here. Versions that are named are tried alone. `--keep FOLDER` leaves the environments there, and takes those
that are there already.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaigns.mlflow_checks import BESIDES, CHECKS, Place, write_policies
from tests.gates.mlflow.server.serving import serve

ROOT = Path(__file__).resolve().parents[2]
# They import of SQLAlchemy what it has no more, and say nothing of it.
BEFORE_SQLALCHEMY_2_1 = ("3.5.0", "3.5.1", "3.6.0", "3.7.0", "3.8.1")
# The first, and the last of each line; what the stores of another one can do is written into `app/runs/methods.py`.
VERSIONS = (
    *BEFORE_SQLALCHEMY_2_1,
    *("3.9.0", "3.10.1", "3.11.1", "3.12.0", "3.13.0", "3.14.0", "3.15.2", "3.16.1", "3.17.2"),
)
# Under gunicorn, too: what an address meets depends on what serves it.
COLUMNS = ("server", *CHECKS, "gunicorn", "abroad")


@contextmanager
def environment(version: str, kept: str) -> Iterator[str]:
    """The interpreter of an environment with a version of MLflow, and this project as it stands here."""
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(kept or passing) / version
        if not (folder / "bin/python").exists():
            run(sys.executable, "-m", "venv", str(folder))
        wanted = ["-e", f"{ROOT}[ledger,mlflow]", f"mlflow[auth]=={version}", "gunicorn"]
        wanted += ["SQLAlchemy<2.1"] if version in BEFORE_SQLALCHEMY_2_1 else []
        run(str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *wanted)
        yield str(folder / "bin/python")


def run(*command: str) -> None:
    """Raises AssertionError with what it said last where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@contextmanager
def place(python: str, *, gunicorn: bool, clients: str) -> Iterator[Place]:
    """A server of one environment, whose users work with another one, or the same."""
    with (
        tempfile.TemporaryDirectory() as name,
        serve(write_policies(Path(name)), auth=True, gunicorn=gunicorn, python=python) as server,
    ):
        for user in ("ada", "bob"):
            server.make_user(user)
        yield Place(server, "", clients)


def try_checks(python: str, names: tuple[str, ...], *, gunicorn: bool = False, clients: str = "") -> dict[str, bool]:
    """Which of these checks are met, on one server; none where it does not start."""
    found = {}
    try:
        with place(python, gunicorn=gunicorn, clients=clients or python) as started:
            found["server"] = True
            for name in names:
                experiment = started.server.make_experiment(f"support-{name}", "ada")
                found[name] = is_met(name, started._replace(experiment=experiment))
    except (AssertionError, OSError):
        traceback.print_exc()
    return dict.fromkeys(("server", *names), False) | found


def is_met(name: str, started: Place) -> bool:
    """Whether a check is met; where it is not, it is said why."""
    try:
        CHECKS[name](started)
    except Exception:  # noqa: BLE001 - whatever it is, the other checks go on
        traceback.print_exc()
        return False
    return True


def try_version(version: str, kept: str = "") -> dict[str, bool]:
    """What works of a version."""
    try:
        with environment(version, kept) as python:
            found = try_checks(python, tuple(CHECKS))
            found["gunicorn"] = all(try_checks(python, BESIDES, gunicorn=True).values())
            return found | {"abroad": all(try_checks(sys.executable, ("client",), clients=python).values())}
    except AssertionError:  # it cannot be installed
        traceback.print_exc()
        return {}


def say(cells: tuple[str, ...]) -> None:
    """One line of the table."""
    sys.stdout.write("  ".join(cell.ljust(9) for cell in cells).rstrip() + "\n")
    sys.stdout.flush()


def main() -> int:
    """1 where anything does not work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="*", default=VERSIONS)
    parser.add_argument("--keep", metavar="FOLDER", default="")
    chosen = parser.parse_args()
    say(("version", *COLUMNS))
    results = []
    for version in chosen.version:
        found = try_version(version, chosen.keep)
        results.append(all(found.get(name, False) for name in COLUMNS))
        say((version, *("yes" if found.get(name, False) else "NO" for name in COLUMNS)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
