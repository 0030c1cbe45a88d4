from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.costs.epochs import estimate_epochs


@pytest.mark.parametrize(
    ("rows", "epochs"),
    [(1, 25), (4, 25), (10, 10), (20, 5), (33, 3), (34, 3), (100, 3), (8333, 3), (8334, 2), (12_501, 1), (10**7, 1)],
)
def test_the_default_is_three_where_that_is_neither_little_nor_much(rows, epochs):
    assert estimate_epochs(rows) == epochs


@given(rows=st.integers(1, 10**9))
def test_epochs_stay_within_their_bounds(rows):
    epochs = estimate_epochs(rows)
    assert 1 <= epochs <= 25
    assert epochs == 1 or rows * epochs <= 25_000
