"""What the page of ways round names is there: the file, in it the test, and where it says so, a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gates.mlflow.server.served import FOLDER, ROOT, is_file_served, is_served, list_tests

PAGE = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
CLOSED = PAGE.partition("## Closed")[2].partition("## Detected")[0]
DETECTED = PAGE.partition("## Detected")[2].partition("## Open")[0]
KINDS = re.compile(r"(?:([a-z_, ]+): )?(.+)")
INSIDE = "in process"
# No request to a server shows that a method is missing in a table.
ONLY_INSIDE = ("a method that a new MLflow brings",)
WITHOUT = ("changes of the ledger itself",)


def list_rows(section: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in section.splitlines() if row[:2] == "| "][1:]


ROWS, FOUND = list_rows(CLOSED), list_rows(DETECTED)


class Named(NamedTuple):
    """A test that is named, all of a file where it is empty; `served` where the page says that it asks a server."""

    file: Path
    test: str
    served: bool


def find_file(kind: str) -> Path:
    """Of a short name."""
    file = FOLDER / f"test_ways_round_{kind}.py"
    return file if file.exists() else FOLDER / f"test_{kind}.py"


def list_named(cell: str) -> Iterator[Named]:
    """What a cell names, in order."""
    for part in cell.split(";"):
        found = KINDS.fullmatch(part.strip())
        assert found is not None, cell
        kinds, names = found[1], found[2].split(", ")
        for name in names:
            assert re.fullmatch(r"`\w+…?`", name), cell
            if kinds in (None, INSIDE):
                assert name.startswith("`test_"), f"{name} names no file"
                yield Named(FOLDER / f"{name.strip('`')}.py", "", kinds is None)
            else:
                yield from (Named(find_file(kind), name.strip("`"), served=True) for kind in kinds.split(", "))


def find_fault(cell: str) -> str:
    """What a cell names that is not there, or is not what the cell says."""
    return next(filter(None, map(check_named, list_named(cell))), "")


def check_named(named: Named) -> str:
    file, name, served = named
    tests = list_tests(file)
    begin = f"test_{name.removesuffix('…')}"
    if not tests:
        return f"there is no {file.stem}"
    if not name:
        if is_file_served(file) == served:
            return ""
        return f"not all of {file.stem} asks a server" if served else f"all of {file.stem} asks a server"
    matching = [test for test in tests if test == begin or (name.endswith("…") and test.startswith(begin))]
    if len(matching) != 1:
        return f"{file.stem} has not one test that is or begins with {begin}"
    return "" if is_served(file, matching[0]) else f"{matching[0]} asks no server"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_each_way_that_is_closed_names_a_test_that_is_there(row: list[str]) -> None:
    way, closes, cell = row
    assert way
    assert closes
    assert find_fault(cell) == ""
    assert any(named.served for named in list_named(cell)) == (way not in ONLY_INSIDE)


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row[0][:40])
def test_each_way_that_is_detected_names_one_too(row: list[str]) -> None:
    way, _, cell = row
    if way not in WITHOUT:
        assert find_fault(cell) == ""
        assert any(named.served for named in list_named(cell))


def test_there_are_such_rows() -> None:
    assert len(ROWS) > 40
    assert len(FOUND) > 6
    assert {*ONLY_INSIDE} < {row[0] for row in ROWS}
    assert {*WITHOUT} < {row[0] for row in FOUND}


def test_every_file_of_ways_round_is_on_the_page() -> None:
    named = [one for row in (*ROWS, *FOUND) if row[0] not in WITHOUT for one in list_named(row[2])]
    for file in FOLDER.glob("test_ways_round_*.py"):
        assert file == Path(__file__) or any(one.file == file for one in named), file.name


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("inside: `graphql_changes_nothing`; in process: `test_places`", ""),
        ("inside: `graphql…`", ""),
        ("settings: `a_real_server_with_two_workers`; `test_approving`", ""),
        ("inside: `graphql`", "is or begins with test_graphql"),
        ("inside: `changes_nothing…`", "begins with test_changes_nothing"),
        ("runs: `no_…`", "has not one test"),
        ("runs: `graphql_changes_nothing`", "begins with test_graphql"),
        ("runs, inside: `graphql_changes_nothing`", "test_ways_round_runs has not"),
        ("in process: `test_place`", "there is no test_place"),
        ("nowhere: `graphql…`", "there is no test_nowhere"),
        # What is said of servers.
        ("`test_places`", "not all of test_places"),
        ("`test_outage`", "not all of test_outage"),
        ("`test_settings`", "not all of test_settings"),
        ("settings: `a_switch_to_observe…`", "asks no server"),
        ("inside: `a_client_inside…`", "asks no server"),
        ("in process: `test_approving`", "all of test_approving asks a server"),
    ],
)
def test_what_is_not_there_or_not_so_is_found(cell: str, fault: str) -> None:
    found = find_fault(cell)
    assert fault in found
    assert bool(found) is bool(fault)


@pytest.mark.parametrize("cell", ["inside", "`graphql_changes_nothing`", "runs: everything", "inside: `…`", ""])
def test_a_cell_that_names_no_test_is_found(cell: str) -> None:
    with pytest.raises(AssertionError):
        find_fault(cell)
