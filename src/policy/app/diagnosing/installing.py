"""Which versions run, and whether it is this package that Python loads."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from policy import __about__
from policy.app.diagnosing.findings import ERROR, OK, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_python() -> Finding:
    """Which version of what runs."""
    import sqlite3

    version = sys.version.split()[0]
    return Finding(
        "version", OK, f"tunegate {__about__.__version__}, Python {version}, SQLite {sqlite3.sqlite_version}"
    )


def find_clashes(folder: str) -> Iterator[Finding]:
    """Whether a file called like the package stands where Python looks first: it would be loaded instead."""
    places = [folder, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    for place in dict.fromkeys(map(os.path.realpath, places)):
        for name in ("policy.py", "policy/__init__.py"):
            path = os.path.join(place, name)
            if os.path.exists(path) and not is_own(place):
                message = f"`{path}` has the name of the package: what is run there, as a notebook, loads it instead"
                yield Finding("names", ERROR, message, "rename it: MLflow drops the plugin without a word")
                return
    yield Finding("names", OK, "nothing here takes the package's name")


def is_own(place: str) -> bool:
    """Whether it is this package that stands in a folder."""
    inner = os.path.join(place, "policy")
    return os.path.isdir(inner) and os.path.samefile(inner, os.path.dirname(__about__.__file__))
