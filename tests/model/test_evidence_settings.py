from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.evidence_settings import DEFAULT_EVIDENCE, SIZE, UNITS_BYTES, EvidenceSettings
from policy.model.kinds import LARGEST_INTEGER, KindError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50 GB", 50 * 10**9),
        ("50GB", 50 * 10**9),
        ("1.5 kB", 1500),
        ("0.5 KiB", 512),
        ("8 GiB", 8 << 30),
        ("0 B", 0),
        ("9007199254740991 B", 2**53 - 1),
    ],
)
def test_sizes(text, size):
    assert SIZE.read(text, plain=True) == SIZE.read(text, plain=False) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("50", "`50` is not a size"),
        ("GB", "`GB` is not a size"),
        ("-1 GB", "`-1 GB` is not a size"),
        ("1e3 GB", "`1e3 GB` is not a size"),
        ("", "`` is not a size"),
        (f"{'9' * 50} GB", f"`{'9' * 40}` is not a size"),
        ("50 gb", "`gb` is not a unit of size"),
        ("50 Gb", "`Gb` is not a unit of size"),
        ("10min", "`min` is not a unit of size"),
        ("0.5 B", "`0.5 B` is not a whole number of bytes up to 2^53"),
        ("9008 TB", "`9008 TB` is not a whole number of bytes up to 2^53"),
    ],
)
def test_what_is_no_size(text, message):
    with pytest.raises(KindError) as caught:
        SIZE.read(text, plain=True)
    assert caught.value.message == message
    assert caught.value.remedy == "write a number and its unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 50 GB"


@given(st.integers(1, LARGEST_INTEGER))
def test_what_is_shown_reads_back(size):
    assert SIZE.read(SIZE.show(size).replace(",", ""), plain=True) == size


@pytest.mark.parametrize("unit", UNITS_BYTES)
def test_a_unit_is_shown_as_itself(unit):
    assert SIZE.show(3 * UNITS_BYTES[unit]) == f"3 {unit}"


def test_what_a_limit_says_of_itself():
    assert DEFAULT_EVIDENCE.describe_time() == "10min; `evidence: {time_limit: …}` in the policy set raises the limit"
    assert EvidenceSettings(size_limit=8 << 30).describe_size() == (
        "8 GiB; `evidence: {size_limit: …}` in the policy set raises the limit"
    )
