"""SECURITY.md names a test for each claim: every one of them is there, and for an MLflow server one that asks it."""

from __future__ import annotations

import re

from tests.gates.mlflow.server.served import FOLDER, ROOT, is_served, list_tests

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]


def test_every_row_says_who_why_and_what_shows_it():
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 4, row[0]
        assert all(part.strip() for part in row)
        assert re.search(r"`tests/|conformance corpus", row[3]), row[0]


def test_every_test_that_is_named_is_there():
    named = set(re.findall(r"`(tests/[^`]+)`", PAGE))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    folders = [path for path in sorted(named) if path.endswith("/")]
    assert [path for path in folders if not any((ROOT / path).rglob("test_*.py"))] == []
    assert [path for path in named - {*folders} if not list_tests(ROOT / path)] == []


def list_server_files(row: list[str]):
    """The files of tests that are named of the gate of an MLflow server."""
    return [ROOT / path for path in re.findall(r"`(tests/[^`]+)`", row[3]) if FOLDER in (ROOT / path).parents]


def test_what_is_said_of_a_server_is_tried_on_a_real_one():
    rows = [row for row in ROWS if list_server_files(row)]
    assert len(rows) > 8
    for row in rows:
        assert any(is_served(file, test) for file in list_server_files(row) for test in list_tests(file)), row[0]
