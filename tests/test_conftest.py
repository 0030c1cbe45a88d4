"""The comparison with kept files fails when it should; otherwise no snapshot would hold anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
from pathlib import Path

def test_report(snapshot):
    snapshot("reports/one.txt", "first\\nsecond\\n")

def test_page(generated):
    generated(Path("docs/page.md"), "text\\n")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with these tests' conftest and two tests of its own."""
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(Path(__file__).with_name("conftest.py"), tests)
    (tests / "test_kept.py").write_text(TEST)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_refresh_writes_what_the_next_run_accepts(project):
    assert run(project, "--refresh").returncode == 0
    assert (project / "tests/snapshots/reports/one.txt").read_bytes() == b"first\nsecond\n"
    assert (project / "docs/page.md").read_bytes() == b"text\n"
    assert run(project).returncode == 0


def test_missing_and_changed_files_fail_with_the_difference(project):
    (project / "tests/snapshots/reports").mkdir(parents=True)
    (project / "tests/snapshots/reports/one.txt").write_text("first\nanother\n")
    result = run(project)
    assert result.returncode == 1
    assert "tests/snapshots/reports/one.txt is out of date." in result.stdout
    assert "-another\n+second\n" in result.stdout
    assert "docs/page.md does not exist." in result.stdout
    assert "run `pytest --refresh`" in result.stdout


def test_line_ends_are_compared(project):
    run(project, "--refresh")
    (project / "docs/page.md").write_bytes(b"text\r\n")
    assert run(project, "-k", "page").returncode == 1
