"""Lines that fit, and texts that are fit to be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.reports.layout import WIDTH, clean, count_noun, join_names, wrap
from policy.source.display import measure_width


@given(st.lists(st.text("ab中", min_size=1, max_size=30), max_size=40), st.sampled_from(["", "  ", "note: "]))
def test_wrapped_lines_fit_and_lose_nothing(words, first):
    lines = wrap(" ".join(words), first)
    assert all(measure_width(line) <= WIDTH for line in lines)
    assert " ".join(lines).split() == [*first.split(), *words]
    indent = " " * len(first)
    assert all(line.startswith(indent) for line in lines[1:])


def test_a_word_that_is_too_wide_stands_alone_and_whole():
    path = "a/" * 80
    assert wrap(f"see {path} now") == ["see", path, "now"]


@pytest.mark.parametrize("width", range(80, 110))
def test_no_line_begins_with_what_a_runner_obeys(width):
    said = f"{'x' * width} ::error::owned and {'y' * width} ::add-mask::z"
    lines = wrap(said, "    ")
    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert " ".join(lines).split() == said.split()


def test_a_line_break_does_not_break_the_line():
    assert (
        clean("a\nb\x1b[0m\x9b\N{RIGHT-TO-LEFT OVERRIDE}")
        == "a␊b␛[0m\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    )


def test_an_endless_text_is_cut_with_a_sign():
    assert clean("x" * 50, 10) == "xxxxxxxxx…"
    assert clean("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b and 2 more"),
    ],
)
def test_names_are_joined_and_never_one_is_left_out(names, said):
    assert join_names(names, 2) == said


def test_counts_agree_with_their_nouns():
    assert [count_noun(count, "policy") for count in (0, 1, 2000)] == ["0 policies", "1 policy", "2,000 policies"]
    assert count_noun(2, "warning") == "2 warnings"
