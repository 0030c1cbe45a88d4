"""Canonical JSON is what RFC 8785 says, and digests do not move."""

from __future__ import annotations

import math
from datetime import date

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import Location
from policy.model.canonical import canonical_json, digest, encode_claims, encode_value
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.model.money import Money
from tests.building import make_claims

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@settings(max_examples=500)
@given(values)
def test_it_is_what_rfc_8785_says(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e21, b"1e+21"),
        (1e-7, b"1e-7"),
        (0.000001, b"0.000001"),
        (333333333.33333329, b"333333333.3333333"),
        (2**53 - 1, b"9007199254740991"),
        (float(2**53), b"9007199254740992"),
        ('\u20ac$\x0f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\x7f\u2028", b'"\x7f\xe2\x80\xa8"'),
        ({"b": 1, "a": (1, 2)}, b'{"a":[1,2],"b":1}'),
        # Sorted by UTF-16 code units: a character beyond the first 65536 comes before U+FB33.
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'.encode()),
        ({}, b"{}"),
    ],
    ids=repr,
)
def test_its_corners(value, expected):
    assert canonical_json(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        2**53,
        -(2**53),
        {1: 2},
        {None: 1},
        "\ud800",
        {"\ud800": 1},
        pytest.param(object(), id="object()"),
        [b"a"],
        {"a": date.min},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form(value):
    with pytest.raises(ValueError):  # noqa: PT011 - each of two libraries says it in its own words
        canonical_json(value)


def test_a_digest_is_the_sha_256_of_the_canonical_form():
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


# Facts


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("data.rows", 5, 5),
        ("training.epochs", 3.0, 3),
        ("model.training_flops", 1e22, 1e22),
        ("model.retires", date(2026, 11, 20), "2026-11-20"),
        ("cost.run", Money(12.5, "USD"), {"amount": 12.5, "currency": "USD"}),
        ("data.change_interval", 86_400_000, 86_400_000),
        ("stage", ABSENT, {"absent": True}),
        ("purpose", ABSENT, {"absent": True}),
        ("purpose", Members(("style", "latency"), complete=True), ["latency", "style"]),
        ("purpose", Members(("style",), complete=False), {"open": ["style"]}),
        ("purpose", Members((), complete=True), []),
    ],
    ids=str,
)
def test_values_as_json(path, value, expected):
    assert encode_value(SCHEMA.fields[path].kind, value) == expected


def test_records_as_json():
    (claim,) = make_claims("tried: [{score: 0.5, approach: rag}, {approach: few-shot}]")
    assert encode_value(SCHEMA.fields["tried"].kind, claim.value, bare=True) == [
        {"approach": ["few-shot", "declared"]},
        {"approach": ["rag", "declared"], "score": [0.5, "declared"]},
    ]
    (_, rag) = encode_value(SCHEMA.fields["tried"].kind, claim.value)
    assert rag["score"] == [0.5, "declared", "ml-manifest.yaml", "", ["ml-manifest.yaml", 1, 17, 1, 20]]


def test_claims_are_sorted_and_carry_where_they_come_from():
    claims = (
        Fact("stage", "pilot", "observed", "runs", digest="sha256:1"),
        Fact("stage", "pilot", "declared", "ml-manifest.yaml", Location("ml-manifest.yaml", 3, 8)),
        Fact("data.rows", 5, "observed", "data files"),
        Fact("x.unknown", 5),
    )
    expected = [
        ["data.rows", 5, "observed", "data files", "", None],
        ["stage", "pilot", "declared", "ml-manifest.yaml", "", ["ml-manifest.yaml", 3, 8, 0, 0]],
        ["stage", "pilot", "observed", "runs", "sha256:1", None],
    ]
    assert encode_claims(claims, SCHEMA) == expected
    assert encode_claims(claims[::-1], SCHEMA) == expected


def test_an_absent_fact_is_no_value_that_looks_like_it():
    kind = SCHEMA.fields["evaluation.metrics"].kind
    shown = [
        canonical_json(encode_value(kind, value))
        for value in (ABSENT, Members((), complete=True), Members((), complete=False))
    ]
    assert len(set(shown)) == 3
