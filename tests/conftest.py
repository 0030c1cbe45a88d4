"""What all tests share: hypothesis profiles, the corpus, and the comparison with kept files."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
# Which tokenizers somebody has fetched must change nothing here.
os.environ |= {"HF_HUB_CACHE": os.devnull, "TIKTOKEN_CACHE_DIR": ""}
# Thousands of processes are started here, which would all compile the same modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Without deadlines: no test may depend on how busy the machine is.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh",
        action="store_true",
        help="rewrite snapshots and generated pages instead of comparing them",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the scores that tests recorded, whichever process they ran in."""
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") == "call":
            for name, score in report.user_properties:
                if name == "score":
                    terminalreporter.write_line(score)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Training configs, data files and dataset cards that other people wrote, kept beside the repository."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("no corpus of real files at ../shared/corpus, beside the repository")
    return folder


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with `tests/snapshots/<name>`."""
    refresh = request.config.getoption("--refresh")
    return lambda name, text: compare(ROOT / "tests" / "snapshots" / name, text, refresh=refresh)


@pytest.fixture
def generated(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a generated file, given by its path from the repository's root."""
    refresh = request.config.getoption("--refresh")
    return lambda path, text: compare(ROOT / path, text, refresh=refresh)


def compare(file: Path, text: str, *, refresh: bool) -> None:
    """Hold `file` to `text`: write it when refreshing, fail with the difference otherwise."""
    # As bytes: line ends are part of what is kept.
    kept = file.read_bytes().decode() if file.exists() else None
    if kept == text:
        return
    if refresh:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return
    name = file.relative_to(ROOT).as_posix()
    pytest.fail(f"{explain(name, kept, text)}\nIf the change is meant, run `pytest --refresh`.", pytrace=False)


def explain(name: str, kept: str | None, text: str) -> str:
    """How the text differs from what is kept."""
    if kept is None:
        return f"{name} does not exist."
    lines = difflib.unified_diff(
        kept.splitlines(keepends=True), text.splitlines(keepends=True), name, "what the code gives now"
    )
    return f"{name} is out of date.\n" + "".join(
        line if line.endswith("\n") else f"{line}\n\\ no line end\n" for line in lines
    )
