from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.values import read_boolean, read_integer, read_number


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "yes", "on", "ON", "y", "1"])
def test_words_for_true(text):
    assert read_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False", "no", "No", "off", "n", "0"])
def test_words_for_false(text):
    assert read_boolean(text) is False


@pytest.mark.parametrize("text", ["", "auto", "2", "truee", "null"])
def test_other_words_are_no_boolean(text):
    assert read_boolean(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-1", -1),
        ("+7", 7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 15),
        ("0", 0),
        ("089", 89),
        ("3.0", 3),
        ("1e3", 1000),
    ],
)
def test_whole_numbers(text, value):
    assert read_integer(text) == value


@pytest.mark.parametrize(
    "text", ["", "3.5", "1e400", "0x", "0x_", "nan", "inf", "1" * 5000, "٣", "a", "1 2", "9007199254740993"]
)
def test_other_texts_are_no_whole_number(text):
    assert read_integer(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1e-5", 1e-5), ("1.0e-5", 1e-5), (".5", 0.5), ("5.", 5.0), ("-2", -2.0), ("1_0.5", 10.5)]
)
def test_numbers(text, value):
    assert read_number(text) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "-Infinity", "1e999", "1e", "e5", ".", "0.1.2", "٣", "1" * 5000])
def test_other_texts_are_no_number(text):
    assert read_number(text) is None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    read_boolean(text)
    read_integer(text)
    value = read_number(text)
    assert value is None or math.isfinite(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(number):
    assert read_number(repr(number)) == number
