"""Places as SARIF writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location
from policy.reports.sarif_places import is_inside, write_address, write_place, write_region
from tests.reports.sarif_checks import check_place

NUMBERS = st.integers(-2, 2**31)
# Also what no encoding carries.
PATHS = st.text(st.characters(codec=None), max_size=30)


@given(PATHS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_every_place_is_complete_and_relative(file, line, column, end_line, end_column):
    check_place(write_place(Location(file, line, column, end_line, end_column))["physicalLocation"])


@pytest.mark.parametrize(
    ("place", "region"),
    [
        (Location("a", 3, 5, 3, 9), (3, 5, 3, 9)),
        (Location("a", 3, 5, 4, 1), (3, 5, 4, 1)),
        (Location("a"), (1, 1, 1, 2)),
        (Location("a", 3, 5), (3, 5, 3, 6)),
        (Location("a", 3, 5, 3, 5), (3, 5, 3, 6)),
        (Location("a", 3, 5, 2, 9), (3, 5, 3, 6)),
        (Location("a", 0, 0), (1, 1, 1, 2)),
    ],
)
def test_a_region_has_four_numbers(place, region):
    assert tuple(write_region(place).values()) == region


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("a/b.yaml", "a/b.yaml"),
        ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
        ("a:b/c.yaml", "a%3Ab/c.yaml"),
        ("/a.yaml", "a.yaml"),
        ("x\udcff", "x%FF"),
        ("x\ud800", "x%3F"),
        ("", "."),
    ],
)
def test_an_address_is_relative_and_encoded(file, address):
    assert write_address(file) == {"uri": address, "uriBaseId": "SRCROOT"}


@pytest.mark.parametrize(
    ("file", "inside"),
    [
        ("a/b.yaml", True),
        ("..a/b.yaml", True),
        ("../b.yaml", False),
        ("/b.yaml", False),
        ("catalogue:areas/b.yaml", False),
    ],
)
def test_only_what_is_below_the_root_has_an_address(file, inside):
    assert is_inside(file) == inside
