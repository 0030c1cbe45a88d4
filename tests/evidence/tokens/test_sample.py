from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.tokens import sample as module
from policy.evidence.tokens.sample import TextSample

ROWS = [{"a": f"row {number}", "b": [number, "x" * (number % 50)]} for number in range(5000)]


def draw(rows, together=130):
    sample = TextSample()
    for start in range(0, len(rows), together):
        sample.take(rows[start : start + together])
    return sample


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(module, "WHOLE", 20_000)
    monkeypatch.setattr(module, "PART", 5_000)
    monkeypatch.setattr(module, "LONGEST_ROW", 400)


def test_little_text_is_kept_whole():
    sample = draw([{"role": "user", "n": 5, "content": ["a", {"b": "c"}]}, "plain", 7, None, ["x", "y"]])
    assert sample.is_whole
    assert sorted(sample.texts) == ["a", "c", "plain", "user", "x", "y"]


@pytest.mark.usefixtures("small")
def test_much_text_is_kept_from_rows_that_are_spread_evenly():
    sample = draw(ROWS)
    assert not sample.is_whole
    numbers = [int(text[4:]) for text in sample.texts if text.startswith("row ")]
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    assert len(steps) == 1
    (step,) = steps
    assert numbers == list(range(0, 5000, step))
    assert len(numbers) > 20


@pytest.mark.usefixtures("small")
@given(st.integers(1, 400), st.integers(1, 400))
def test_the_same_rows_give_the_same_sample_however_they_come(one, other):
    assert draw(ROWS, one).texts == draw(ROWS, other).texts


@pytest.mark.usefixtures("small")
def test_what_is_kept_stays_below_the_limit_at_every_moment():
    sample, generator, most = TextSample(), random.Random(5), 0
    for _ in range(300):
        sample.take([["y" * generator.randrange(40)] * generator.randrange(60) for _ in range(20)])
        most = max(most, sum(map(len, sample.texts)))
    assert not sample.is_whole
    assert most <= 20_000
    assert sum(map(len, sample.texts)) <= 5_000


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "rows",
    [["z" * 100_000] * 50, [["z"] * 100_000] * 5, ["z" * 1_000_000], [{str(n): "" for n in range(10_000)}] * 20],
    ids=["long rows", "many strings", "one row", "empty strings"],
)
def test_of_long_rows_the_beginning_is_kept(rows):
    sample = draw(rows, 3)
    assert not sample.is_whole
    assert sum(map(len, sample.texts)) <= 5_000
    assert len(sample.texts) <= 5_000 / 32 + 1


@pytest.mark.usefixtures("small")
def test_the_sample_is_as_dense_as_the_text():
    texts = ["short words in it" * (1 + number % 7) for number in range(3000)]
    kept = draw(texts).texts
    assert sum(map(len, kept)) / len(kept) == pytest.approx(sum(map(len, texts)) / len(texts), rel=0.2)


def test_nothing_is_a_whole_too():
    sample = TextSample()
    sample.take([])
    assert (sample.is_whole, sample.texts) == (True, [])
