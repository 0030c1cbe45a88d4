"""What the page of ways round names is there: the file, and in it the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PAGE = Path(__file__).parents[4] / "docs/threats.md"
CLOSED = PAGE.read_text().partition("## Closed")[2].partition("## Detected")[0]
ROWS = [row.strip("|").split("|") for row in CLOSED.splitlines() if row.startswith("| ")][1:]
KINDS = re.compile(r"(?:([a-z, ]+): )?(.+)")


def list_tests(file: Path) -> list[str]:
    """The tests in a file; none where there is no such file."""
    return re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE) if file.exists() else []


def list_named(cell: str) -> Iterator[tuple[str, str]]:
    """The files that a cell names, and what it says of a test in each, which is empty for all of a file."""
    for part in cell.split(";"):
        found = KINDS.fullmatch(part.strip())
        assert found is not None, cell
        kinds, names = found[1], found[2].split(", ")
        for name in names:
            assert re.fullmatch(r"`\w+…?`", name), cell
            if kinds is None:
                assert name.startswith("`test_"), f"{name} names no file"
                yield name.strip("`"), ""
            else:
                yield from ((f"test_ways_round_{kind}", name.strip("`")) for kind in kinds.split(", "))


def find_fault(cell: str) -> str:
    """What a cell names that is not there."""
    for file, name in list_named(cell):
        tests = list_tests(FOLDER / f"{file}.py")
        begin = f"test_{name.removesuffix('…')}"
        if name.endswith("…") and sum(test.startswith(begin) for test in tests) != 1:
            return f"{file} has not one test that begins with {begin}"
        if not tests or (name and not name.endswith("…") and begin not in tests):
            return f"{file} has no {begin}"
    return ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:40])
def test_each_way_that_is_closed_names_a_test_that_is_there(row: list[str]) -> None:
    way, closes, cell = row
    assert way.strip()
    assert closes.strip()
    assert find_fault(cell) == ""


def test_there_are_such_rows() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("inside: `graphql_changes_nothing`; `test_places`", ""),
        ("inside: `graphql…`", ""),
        ("inside: `graphql`", "no test_graphql"),
        ("inside: `changes_nothing…`", "begins with test_changes_nothing"),
        ("runs: `graphql_changes_nothing`", "no test_graphql"),
        ("runs, inside: `graphql_changes_nothing`", "test_ways_round_runs has no"),
        ("`test_place`", "test_place has no"),
        ("nowhere: `graphql…`", "test_ways_round_nowhere has not one"),
    ],
)
def test_what_is_not_there_is_found(cell: str, fault: str) -> None:
    found = find_fault(cell)
    assert fault in found
    assert bool(found) is bool(fault)


@pytest.mark.parametrize("cell", ["inside", "`graphql_changes_nothing`", "runs: everything", "inside: `…`", ""])
def test_a_cell_that_names_no_test_is_found(cell: str) -> None:
    with pytest.raises(AssertionError):
        find_fault(cell)
