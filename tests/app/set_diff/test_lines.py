"""Texts compared line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.app.set_diff.lines import compare_lines, write_condition
from policy.model.condition import AllOf
from tests.building import make_policy

texts = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


@given(texts, texts)
def test_both_texts_are_in_it_in_their_order(old, new):
    lines = compare_lines(old, new)
    assert [line.text for line in lines if line.sign != "+"] == old
    assert [line.text for line in lines if line.sign != "-"] == new


@given(texts)
def test_a_text_is_as_itself(text):
    assert {line.sign for line in compare_lines(text, text)} <= {" "}


def test_texts_without_end_are_not_matched_line_by_line():
    old, new = ["a"] * 100_000, ["a"] * 100_001
    lines = compare_lines(old, new)
    assert (len(lines), lines[0].sign, lines[-1].sign) == (200_001, "-", "+")
    assert compare_lines(old, old) == ()


def test_a_condition_takes_a_line_for_each_part():
    policy = make_policy("require: {any: [{stage: pilot}, {all: [{approach: rag}, {data.rows: {at_least: 3}}]}]}")
    assert write_condition(policy.require, {}, must=True) == [
        "at least one of these:",
        "  stage must be pilot",
        "  all of these:",
        "    approach must be rag",
        "    data.rows must be at least 3",
    ]
    assert write_condition(AllOf(), {}) == ["in every case"]
    assert write_condition(AllOf(), {}, must=True) == ["nothing more is needed"]


def test_a_part_more_is_a_line_more():
    one = make_policy("require: {stage: pilot}")
    two = make_policy("require: {all: [{stage: pilot}, {approach: rag}]}")
    lines = compare_lines(*(write_condition(policy.require, {}, must=True) for policy in (one, two)))
    assert [tuple(line) for line in lines] == [(" ", "stage must be pilot"), ("+", "approach must be rag")]


def test_entries_of_a_list():
    policy = make_policy("require: {data.sources: {each: {require: {all: [{license: mit}, {rows: {at_least: 5}}]}}}}")
    lines = write_condition(policy.require, {}, must=True)
    assert lines[0] == "for every entry of data.sources, all of these:"
    assert lines[1:] == ["  its license must be mit", "  its rows must be at least 5"]
