"""The bytes that are hashed: their form is for ever."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from policy.records.database import Head
from policy.records.entry import TYPE, extend_chain, hash_leaf, leaf_bytes, make_entry, start_chain
from policy.records.objects import Draft, digest_bytes
from policy.records.planning import plan, prepare
from policy.records.spool import read_line

GOLDEN = Path(__file__).parent / "golden"
ID = "00112233445566778899aabbccddeeff"
PAYLOAD = "sha256:" + "5" * 64
TIME = "2026-11-20T10:00:00.123Z"
# What others may write into a table: quotes, line ends, other scripts.
texts = st.text(st.characters(codec="utf-8"))


def read_golden(name):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def test_the_form_of_an_entry():
    assert leaf_bytes(ID, 7, TIME, "policy-set", PAYLOAD).decode() == (
        f'{{"format":"policy-entry/1","ledger":"{ID}","payload":"{PAYLOAD}","seq":7,"time":"{TIME}","type":"policy-set"}}'
    )


@given(texts, st.integers(1, 2**53 - 1), texts, texts, texts)
def test_the_bytes_are_canonical_json_whatever_the_parts_hold(ledger, seq, time, kind, payload):
    parts = {"format": "policy-entry/1", "ledger": ledger, "payload": payload, "seq": seq, "time": time, "type": kind}
    assert leaf_bytes(ledger, seq, time, kind, payload) == rfc8785.dumps(parts)


rows = st.tuples(st.text('a"\\,:\n', max_size=6), st.integers(1, 12), *[st.text('a"\\,:\n', max_size=6)] * 3)


@given(rows, rows)
def test_no_two_entries_have_the_same_bytes(one, other):
    assert (leaf_bytes(*one) == leaf_bytes(*other)) == (one == other)


def test_the_hashes_are_those_of_the_definition():
    chain = start_chain(ID)
    assert chain == sha256(b"policy-ledger/1\n" + bytes.fromhex(ID)).digest()
    assert hash_leaf(b"x") == sha256(b"\0x").digest()
    assert extend_chain(chain, b"l" * 32) == sha256(chain + b"l" * 32).digest()


@pytest.mark.parametrize("name", ["decision", "policy-set", "a-b-c"])
def test_words_are_types(name):
    assert TYPE.fullmatch(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "A", "a b", "a1", "ä", 'a"', "a\n"])
def test_anything_else_is_no_type(name):
    assert not TYPE.fullmatch(name)


def test_entries_of_version_1_are_read_for_ever():
    golden = read_golden("entries-1.json")
    chain = start_chain(golden["ledger"])
    assert chain.hex() == golden["start"]
    for row in golden["entries"]:
        assert digest_bytes(row["body"].encode()) == row["payload"]
        assert (
            leaf_bytes(golden["ledger"], row["seq"], row["time"], row["type"], row["payload"]).decode() == row["bytes"]
        )
        entry = make_entry(golden["ledger"], chain, row["seq"], row["time"], row["type"], row["payload"])
        assert (entry.leaf.hex(), entry.chain.hex()) == (row["leaf"], row["chain"])
        chain = entry.chain


def test_what_is_appended_today_is_what_version_1_appended():
    golden = read_golden("entries-1.json")
    head = Head(0, "", start_chain(golden["ledger"]))
    for row in golden["entries"]:
        draft = prepare(Draft("note", json.loads(row["body"])))._replace(type=row["type"])
        made = plan(golden["ledger"], head, [draft], {}, row["time"], set())
        assert made.payloads == [(row["seq"], row["body"].encode())]
        assert (made.entries[0].leaf.hex(), made.entries[0].chain.hex()) == (row["leaf"], row["chain"])
        head = made.head


def test_spools_of_version_1_are_read_for_ever():
    golden = read_golden("spool-1.json")
    draft = read_line(golden["line"].encode())
    assert draft.payload == golden["payload"]
    assert [(item.kind, item.body.decode()) for item in draft.objects] == [tuple(pair) for pair in golden["objects"]]
    assert draft.index is not None
    assert list(draft.index) == [*golden["index"], 0]
