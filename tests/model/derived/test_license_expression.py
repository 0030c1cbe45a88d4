"""SPDX licence expressions: what is chosen, what adds up, and what is no expression."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.derived.license_expression import DEEPEST, LONGEST, choose_licenses

# The milder the letter, the earlier it stands in the alphabet.
NAMES = st.sampled_from("abcdef")


def rank(names: frozenset[str]) -> list[str]:
    return sorted(names, reverse=True)


def choose(expression: str) -> str:
    return "".join(sorted(choose_licenses(expression, rank)))


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("a", "a"),
        ("  A  ", "a"),
        ("a or b", "a"),
        ("b OR a", "a"),
        ("a AND b", "ab"),
        ("(a)", "a"),
        ("((a or b))", "a"),
        # AND binds before OR.
        ("a and c or b", "b"),
        ("b or a and c", "b"),
        ("b and (c or a)", "ab"),
        ("(c or a) and (b or d)", "ab"),
        ("c or b or a", "a"),
        ("a with classpath-exception-2.0", "a"),
        ("b with x and a with y", "ab"),
        ("a\tor\nb", "a"),
    ],
)
def test_what_holds(expression, chosen):
    assert choose(expression) == chosen


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a b",
        "a or",
        "or a",
        "and",
        "a and and b",
        "(a",
        "a)",
        "()",
        "a (b)",
        "(a) b",
        "a with",
        "with a",
        "a with b with c",
        "a with (b)",
        "a or )",
        "MIT, and more",
        "see the file LICENSE (in English)",
        "(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1),
        "(" * 400 + "a" + ")" * 400,
        "a" + " or b" * LONGEST,
    ],
)
def test_what_is_no_expression_is_one_name(expression):
    assert choose_licenses(expression, rank) == frozenset({expression.lower()})


def test_nesting_up_to_the_limit():
    assert choose("(" * DEEPEST + "a" + ")" * DEEPEST) == "a"


def write(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    left, word, right = tree
    return f"({write(left)} {word} {write(right)})"


def solve(tree: Any) -> frozenset[str]:
    if isinstance(tree, str):
        return frozenset(tree)
    left, word, right = solve(tree[0]), tree[1], solve(tree[2])
    return left | right if word == "and" else min(left, right, key=rank)


TREES = st.recursive(NAMES, lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner), max_leaves=12)


@given(TREES)
def test_it_is_read_as_it_is_meant(tree):
    assert choose_licenses(write(tree), rank) == solve(tree)


@given(TREES, TREES)
def test_the_laws_of_and_and_or(left, right):
    one, other = write(left), write(right)
    assert choose(f"{one} and {other}") == choose(f"{other} and {one}")
    assert choose(f"{one} or {other}") == choose(f"{other} or {one}")
    assert choose(f"{one} and {one}") == choose(f"{one} or {one}") == choose(one)
    assert choose(f"{one} or {other}") in (choose(one), choose(other))
    assert set(choose(f"{one} and {other}")) == set(choose(one)) | set(choose(other))


@given(st.text(alphabet="ab() orandwith\n", max_size=40))
def test_any_text_gives_something(text):
    assert choose_licenses(text, rank)
