from __future__ import annotations

import sys
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError, Problem
from policy.records.keys import (
    KeyEvent,
    KeyFormatError,
    TrustedKey,
    find_endings,
    make_key,
    read_key_record,
    read_signing_key,
    read_trusted_keys,
    read_verifier_key,
    write_key_record,
)

KEY = make_key("tunegate/acme/0a", bytes(range(32)))
OTHER = make_key("tunegate/acme/0a", bytes(32))
# From golang.org/x/mod/sumdb/note.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_key_that_another_program_made():
    key = read_signing_key(f"{GO_SECRET}\n", "it")
    assert key.verifier == read_verifier_key(GO_PUBLIC)
    assert (key.text, key.verifier.text) == (GO_SECRET, GO_PUBLIC)


def test_the_id_is_the_one_of_the_specification():
    hashed = sha256(KEY.name.encode() + b"\n\x01" + KEY.verifier.public).digest()
    assert KEY.key_id == hashed[:4].hex()
    assert make_key("else", bytes(range(32))).key_id != KEY.key_id


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=50))
def test_signed_and_verified(seed, data):
    key = read_signing_key(make_key("name", seed).text, "it")
    verifier = read_verifier_key(key.verifier.text)
    assert verifier.verify(data, key.sign(data))
    assert not verifier.verify(data + b"x", key.sign(data))
    assert not verifier.verify(data, key.sign(data)[:-1])
    assert not verifier.verify(data, b"")


def test_a_private_key_shows_itself_to_nobody():
    assert KEY.text not in repr(KEY)
    assert KEY.text not in str(vars(KEY).get("verifier"))
    assert KEY.text.split("+")[-1] not in KEY.verifier.text


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_name_that_no_key_can_bear(name):
    with pytest.raises(KeyFormatError, match="no key can be called"):
        make_key(name, bytes(32))


def change(text, part, value):
    parts = text.split("+", 2)
    parts[part] = value
    return "+".join(parts)


BAD_KEYS = {
    "nothing": "",
    "no parts": "abc",
    "no key": "a+00000000+",
    "an id of another key": change(KEY.verifier.text, 1, OTHER.key_id),
    "another name": change(KEY.verifier.text, 0, "other"),
    "another content": change(KEY.verifier.text, 2, OTHER.verifier.text.split("+", 2)[2]),
    "a short id": change(KEY.verifier.text, 1, "abc"),
    "an id in capitals": change(KEY.verifier.text, 1, "ABCDEF01"),
    "another algorithm": change(KEY.verifier.text, 2, b64encode(b"\x02" + bytes(32)).decode()),
    "too short": change(KEY.verifier.text, 2, b64encode(b"\x01" + bytes(31)).decode()),
    "too long": change(KEY.verifier.text, 2, b64encode(b"\x01" + bytes(33)).decode()),
    "not base64": change(KEY.verifier.text, 2, "***"),
    "no name": change(KEY.verifier.text, 0, ""),
    "a space": f"{KEY.verifier.text} ",
    "a private one": KEY.text,
    "a megabyte": "x" * 1_000_000,
}


@pytest.mark.parametrize("case", BAD_KEYS)
def test_what_is_no_public_key(case):
    with pytest.raises(KeyFormatError) as raised:
        read_verifier_key(BAD_KEYS[case])
    (problem,) = raised.value.problems
    assert problem.remedy
    assert len(problem.message) < 250


def test_a_private_key_is_not_quoted_where_a_public_one_is_meant():
    with pytest.raises(KeyFormatError) as raised:
        read_verifier_key(KEY.text)
    assert KEY.text.split("+")[-1] not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["", "x", KEY.verifier.text, KEY.text.removeprefix("PRIVATE+"), KEY.text[:-3], f"x{KEY.text}", "PRIVATE+KEY+"],
)
def test_what_is_no_private_key(text):
    with pytest.raises(KeyFormatError) as raised:
        read_signing_key(text, "s.key")
    (problem,) = raised.value.problems
    assert problem.message == "`s.key` is no key file"


def test_a_private_key_that_was_changed():
    wrong = KEY.text.replace(KEY.key_id, OTHER.key_id)
    with pytest.raises(KeyFormatError) as raised:
        read_signing_key(wrong, "s.key")
    (problem,) = raised.value.problems
    assert "cut or changed" in problem.message
    assert wrong.split("+")[-1] not in str(raised.value)


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    for action in (lambda: make_key("a", bytes(32)), lambda: KEY.verifier.verify(b"", b"")):
        with pytest.raises(PolicyError) as raised:
            action()
        (problem,) = raised.value.problems
        assert problem == Problem("cryptography is not installed", "`pip install 'tunegate[ledger]'`")


# Trusted keys


def test_trusted_keys_are_read():
    text = f"# ours\n\n{KEY.verifier.text}  # in use\n  {OTHER.verifier.text}   until 1200\r\n"
    assert read_trusted_keys(text, "keys") == (TrustedKey(KEY.verifier), TrustedKey(OTHER.verifier, 1200))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x", "is no key of the form"),
        (f"{KEY.verifier.text} until", "this line is no trusted key"),
        (f"{KEY.verifier.text} until -1", "this line is no trusted key"),
        (f"{KEY.verifier.text} until 1e9", "this line is no trusted key"),
        (f"{KEY.verifier.text} after 5", "this line is no trusted key"),
        (f"{KEY.verifier.text} {OTHER.verifier.text}", "this line is no trusted key"),
        (BAD_KEYS["another name"], "was cut or changed"),
        ("x" * 100_000, "this line is no trusted key"),
    ],
)
def test_a_line_that_is_no_trusted_key(line, said):
    with pytest.raises(KeyFormatError) as raised:
        read_trusted_keys(f"{KEY.verifier.text}\n{line}\n{line}", "keys")
    assert [str(problem.location) for problem in raised.value.problems] == ["keys:2:1", "keys:3:1"]
    assert all(said in problem.message for problem in raised.value.problems)


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_no_trusted_keys_are_a_mistake(text):
    with pytest.raises(KeyFormatError, match="names no key"):
        read_trusted_keys(text, "keys")


# What entries say of keys


def record(seq, action, key, replaces="", reason=""):
    return read_key_record(seq, write_key_record(action, key.verifier, replaces, reason, None))


def test_what_is_recorded_is_read_again():
    assert record(3, "rotate", OTHER, KEY.verifier.short, "yearly") == KeyEvent(
        3, "rotate", OTHER.verifier, KEY.verifier.short, "yearly"
    )
    assert KEY.text.split("+")[-1] not in str(write_key_record("new", KEY.verifier, "", "", None))


def test_a_key_ends_with_the_first_entry_that_ends_it():
    events = [
        record(1, "new", KEY),
        record(4, "rotate", OTHER, KEY.verifier.short),
        record(6, "revoke", KEY),
        record(9, "revoke", OTHER, reason="stolen"),
    ]
    ended = find_endings(events)
    assert {name: event.seq for name, event in ended.items()} == {KEY.verifier.short: 4, OTHER.verifier.short: 9}
    assert find_endings(events[:1]) == {}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"format": "policy-key-record/2", "action": "revoke", "key": KEY.verifier.text},
        {"format": "policy-key-record/1", "action": "trust", "key": KEY.verifier.text},
        {"format": "policy-key-record/1", "action": "revoke", "key": "x"},
        {"format": "policy-key-record/1", "action": "revoke", "key": 1},
        {"format": "policy-key-record/1", "action": ["revoke"], "key": KEY.verifier.text},
    ],
)
def test_a_record_of_another_form_says_nothing(payload):
    assert read_key_record(1, payload) is None
