"""The command as a user meets it: a process of its own, real files, and an environment that the test decides on."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "tunegate")
# Whatever takes longer hangs.
SECONDS = 60
GOOD = """\
manifest: 1
project: good
approach: prompt-engineering
purpose: [task-pattern]
system: {risk: minimal}
tried: [{approach: prompt-engineering, score: 0.9, sufficient: true}]
"""
# Settings of whoever runs the tests that would change what the command does.
UNWANTED = ("NO_COLOR", "TERM", "POLICY_DEBUG", "PYTHONIOENCODING", "PYTHONUTF8", "COLUMNS")

Content = str | bytes
Plant = Callable[[Mapping[str, Content]], Path]


class Result(NamedTuple):
    """What came of a call."""

    code: int
    out: str
    err: str

    @property
    def headlines(self) -> list[str]:
        """The errors and warnings, without what is quoted and advised below them."""
        return [line for line in self.err.splitlines() if line.startswith(("error:", "warning:"))]

    @property
    def helps(self) -> list[str]:
        """What to do about each problem."""
        return [line.removeprefix("  help: ") for line in self.err.splitlines() if line.startswith("  help: ")]


class Policy:
    """Calls the command in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {key: value for key, value in os.environ.items() if key not in UNWANTED and not key.startswith("GIT_")}
        self.environment = {**kept, "PYTHONPATH": str(ROOT / "src")}

    def __call__(
        self,
        *arguments: str,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Any = subprocess.PIPE,
        prepare: Callable[[], None] | None = None,
    ) -> Result:
        """Run to the end. `env` is added to the environment, `prepare` is called in the new process."""
        with self.start(*arguments, folder=folder, env=env, stdout=stdout, prepare=prepare) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        result = Result(process.returncode, (out or b"").decode(), err.decode())
        assert "Traceback" not in result.err
        return result

    def start(
        self,
        *arguments: str,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Any = subprocess.PIPE,
        prepare: Callable[[], None] | None = None,
    ) -> subprocess.Popen[bytes]:
        """A process that runs the command."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder or self.folder,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=prepare,  # noqa: PLW1509 - the tests have one thread
        )


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files, by their paths, into the folder that the command is called in."""

    def write(files: Mapping[str, Content]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """The command, called in an empty folder that is no repository."""
    return Policy(tmp_path)


@pytest.fixture
def beside_good(plant: Plant, policy: Policy) -> Callable[..., Result]:
    """Check a project `bad` beside a good one, which must be judged and reported all the same."""

    def check(files: Mapping[str, Content], *arguments: str, **options: Any) -> Result:
        plant({"good/ml-manifest.yaml": GOOD, **{f"bad/{name}": content for name, content in files.items()}})
        result = policy("check", *arguments, **options)
        assert "allow  good  good/ml-manifest.yaml" in result.out
        return result

    return check


@pytest.fixture
def unprivileged(tmp_path: Path) -> Callable[[], None] | None:
    """To be called in a new process: permissions hold there, even for root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no permissions of this kind on this system")
    if os.geteuid() != 0:
        return None
    if not sys.platform.startswith("linux"):
        pytest.skip("run as root, which may do everything on this system")
    library = ctypes.CDLL(None)

    def forgo() -> None:
        drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
        for capability in (dac_override, dac_read_search):
            library.prctl(drop_from_bounding_set, capability, 0, 0, 0)

    secret = tmp_path.with_name(f"{tmp_path.name}-secret")
    secret.touch(mode=0)
    if subprocess.run(["cat", secret], stderr=subprocess.DEVNULL, preexec_fn=forgo, check=False).returncode == 0:
        pytest.skip("run as root, and root cannot be held to permissions here")
    return forgo
