"""What the page of ways round names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PAGE = Path(__file__).parents[4] / "docs/threats.md"
CLOSED = PAGE.read_text().partition("## Closed")[2].partition("## Detected")[0]
ROWS = [row.strip("|").split("|") for row in CLOSED.splitlines() if row.startswith("| ")][1:]
TESTS = {
    name
    for file in FOLDER.glob("test_*.py")
    for name in (file.stem, *re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
}


def list_named(cell: str) -> list[str]:
    return re.findall(r"`(\w+)…?`", cell)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:40])
def test_each_way_that_is_closed_names_a_test_that_is_there(row: list[str]) -> None:
    way, closes, cell = row
    assert way.strip()
    assert closes.strip()
    named = list_named(cell)
    assert named or cell.strip() == "inside"
    for name in named:
        begin = name if name.startswith("test_") else f"test_{name}"
        assert any(found.startswith(begin) or name in found for found in TESTS), name


def test_there_are_such_rows() -> None:
    assert len(ROWS) > 20
