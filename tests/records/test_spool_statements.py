"""Signed lines of a spool: what the server's key has not signed, for this ledger and this server, is no statement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.records.keys import make_key, read_verifier_key
from policy.records.spool_files import seal, unseal
from policy.records.spool_statements import Issuer, Statement, read_statement, write_statement

GOLDEN = [
    json.loads((Path(__file__).parent / "golden" / name).read_text(encoding="utf-8"))
    for name in ("spool-2.json", "spool-2-decision.json")
]
KEY, OTHER = (make_key("spool/mlflow", bytes([number]) * 32) for number in (1, 2))
ISSUER = Issuer("a-ledger", "mlflow")
STATEMENT = Statement("run", "abcdefghijklmnop", "2026-11-21T10:00:00.000Z", {"row": {"run": "ü"}, "decision": None})


def read(line, *keys, issuer=ISSUER):
    return read_statement(line, [key.verifier for key in keys or (KEY,)], issuer)


def write(statement=STATEMENT, issuer=ISSUER, key=KEY):
    return write_statement(issuer, statement, key).rstrip(b"\n")


def change(line, **said):
    """A line whose checksum fits what somebody made of it."""
    return seal(json.dumps({**json.loads(unseal(line)), **said}).encode()).rstrip(b"\n")


def test_what_was_written_is_read_again():
    assert read(write()) == STATEMENT
    assert read(write(), OTHER, KEY) == STATEMENT


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["statement"]["kind"])
def test_the_form_of_version_2_stays_readable(golden):
    key, issuer = read_verifier_key(golden["key"]), Issuer(**golden["issuer"])
    assert read_statement(golden["line"].encode(), [key], issuer) == Statement(**golden["statement"])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (write(key=OTHER), "which is none of `spool_keys`"),
        (write(key=make_key("spool/mlflow\u0430", bytes([1]) * 32)), r"spool/mlflow\\u0430"),
        (write(issuer=ISSUER._replace(ledger="another")), "written for another ledger"),
        (write(issuer=ISSUER._replace(server="another")), "written for another server"),
        (write(STATEMENT._replace(kind="approval")), "a kind that this version does not know"),
        (write()[:-1], "torn or changed"),
        (write().replace(b"2026", b"2027"), "torn or changed"),
        (change(write(), stated={**json.loads(unseal(write()))["stated"], "id": "another"}), "signature does not fit"),
        (change(write(), signature=""), "signature does not fit"),
        (change(write(), signature="AAAA"), "signature does not fit"),
        (change(write(), signature=7), "signature does not fit"),
        (change(write(), stated=None), "signature does not fit"),
        (change(write(), key=["spool/mlflow"]), "none of `spool_keys`"),
        (change(write(), format="policy-spool/3"), "another version"),
        (change(write(), format="policy-spool/1"), "another version"),
        (seal(b"[]").rstrip(b"\n"), "another version"),
        (seal(b"\xff").rstrip(b"\n"), "codec"),
    ],
)
def test_what_is_none(line, why):
    with pytest.raises(ValueError, match=why):
        read(line)


def test_a_key_that_was_taken_out_of_the_policy_set_counts_no_more():
    with pytest.raises(ValueError, match="none of `spool_keys`"):
        read_statement(write(), [], ISSUER)


@given(st.integers(0, 5_000), st.integers(1, 255))
def test_no_bit_can_be_another(place, other):
    line = bytearray(write())
    line[place % len(line)] ^= other
    with pytest.raises(ValueError, match="torn or changed"):
        read(bytes(line))
    body = bytearray(unseal(write()))
    body[place % len(body)] ^= other
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(seal(bytes(body)).rstrip(b"\n"))
