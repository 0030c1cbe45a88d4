"""Programs in processes of their own, forked from one that has imported what takes long."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

MISSING = [name for name in ("torch", "transformers", "accelerate") if find_spec(name) is None]
needs_trainer = pytest.mark.skipif(
    bool(MISSING),
    reason=f"{', '.join(MISSING)} not installed: torch's wheels for Linux bring gigabytes "
    "(CONTRIBUTING.md says how to test with it)",
)
LONG = ["torch.distributed", "transformers.trainer", "transformers.models.bert.modeling_bert", "mlflow"]
"""What is not there is left out."""

QUIET = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}
# What waits for longer is stuck; far more than a machine with much to do needs.
ENDS_WITHIN = 240
PLACE = """\
import os, sys, warnings
os.environ.clear()
os.environ.update({environment!r})
os.chdir({folder!r})
sys.path.insert(0, {folder!r})
for number, file in ((1, {out!r}), (2, {err!r})):
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
warnings.simplefilter("ignore")
"""


class Program(NamedTuple):
    process: Any
    out: Path
    err: Path

    def await_end(self) -> subprocess.CompletedProcess[str]:
        """How it ended by itself."""
        self.process.join(ENDS_WITHIN)
        code = self.process.exitcode
        assert code is not None, (self.out.read_text(), self.err.read_text())
        return subprocess.CompletedProcess("train.py", code, self.out.read_text(), self.err.read_text())


def start_program(text: str, folder: Path, name: str, environment: Mapping[str, str]) -> Program:
    """Begin a program in a folder; beside it lies what it says, under its name."""
    out, err, file = (folder.parent / f"{name}{end}" for end in (".out", ".err", ".py"))
    places = {"environment": {**os.environ, **QUIET, **environment}, "folder": str(folder)}
    file.write_text(PLACE.format(**places, out=str(out), err=str(err)) + text)
    context = get_context("forkserver")
    context.set_forkserver_preload(LONG)
    process = context.Process(target=runpy.run_path, args=(str(file), None, "__main__"))
    with mock.patch.dict(os.environ, QUIET):
        process.start()
    return Program(process, out, err)


def run_ranks(
    text: str, folder: Path, ranks: int, environment: Mapping[str, str]
) -> list[subprocess.CompletedProcess[str]]:
    """Run a program on so many ranks, which nobody ends but they themselves."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    started = []
    try:
        for rank in range(ranks):
            places = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks), "MASTER_PORT": port}
            group = {**places, "MASTER_ADDR": "127.0.0.1"} if ranks > 1 else {}
            started.append(start_program(text, folder, f"rank{rank}", {**group, **environment}))
        return [program.await_end() for program in started]
    finally:
        for program in started:
            stop_program(program)


def stop_program(program: Program) -> None:
    """Whatever it does."""
    program.process.kill()
    program.process.join()
    program.process.close()
