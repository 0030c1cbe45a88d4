from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.records.keys import make_key, read_verifier_key
from policy.records.notes import (
    LARGEST,
    ForgedNoteError,
    NoteError,
    decode_base64,
    find_signer,
    is_key_name,
    parse_note,
    sign_note,
)

KEY = make_key("example.org/log", bytes(range(32)))
OTHER = make_key("example.org/log", bytes(32))
TEXT = "one\n\ntwo\n"
# From the Go package golang.org/x/mod/sumdb/note, on whose format C2SP's is built.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_another_program_signed():
    key = read_verifier_key(GO_KEY)
    assert find_signer(parse_note(GO_NOTE.encode(), "it"), [key], "it") == key
    assert GO_NOTE.startswith(parse_note(GO_NOTE.encode(), "it").text)


def test_signed_and_read_again():
    written = sign_note(TEXT, KEY, OTHER)
    note = parse_note(written.encode(), "it")
    assert note.text == TEXT
    assert [(one.name, one.key_id) for one in note.signatures] == [(key.name, key.key_id) for key in (KEY, OTHER)]
    for key in (KEY, OTHER):
        assert find_signer(note, [key.verifier], "it") == key.verifier
    assert written.startswith(f"{TEXT}\n— example.org/log ")


def test_the_same_text_gives_the_same_note():
    assert sign_note(TEXT, KEY) == sign_note(TEXT, KEY)


def test_signatures_of_unknown_keys_are_passed_over():
    note = parse_note(sign_note(TEXT, OTHER, KEY).encode(), "it")
    assert find_signer(note, [KEY.verifier], "it") == KEY.verifier
    with pytest.raises(NoteError, match="no key that is trusted"):
        find_signer(note, [make_key("else", bytes(32)).verifier], "it")
    with pytest.raises(NoteError, match="no key that is trusted"):
        find_signer(note, [], "it")


def test_one_wrong_signature_of_a_known_key_refuses_the_note():
    good = sign_note(TEXT, OTHER)
    stolen = sign_note("else\n", KEY).splitlines()[-1]
    note = parse_note(f"{good}{stolen}\n".encode(), "it")
    with pytest.raises(ForgedNoteError, match="is wrong"):
        find_signer(note, [KEY.verifier, OTHER.verifier], "it")
    assert find_signer(note, [OTHER.verifier], "it") == OTHER.verifier


@given(st.data())
def test_every_changed_byte_is_seen(data):
    written = bytearray(sign_note(TEXT, KEY).encode())
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(NoteError):
        find_signer(parse_note(bytes(written), "it"), [KEY.verifier], "it")


LINE = sign_note("x\n", KEY).splitlines()[-1]
MALFORMED = {
    "nothing": b"",
    "one line": b"x\n",
    "no signature": b"x\n\n",
    "no text": f"\n{LINE}\n".encode(),
    "no line end": f"x\n\n{LINE}".encode(),
    "a line that is none": f"x\n\n{LINE}\nelse\n".encode(),
    "another dash": f"x\n\n{LINE.replace('—', '-')}\n".encode(),
    "no name": b"x\n\n\xe2\x80\x94  AAAAAAAA\n",
    "a name with a plus": "x\n\n— a+b AAAAAAAA\n".encode(),
    "a name with another space": "x\n\n— a\u2003b AAAAAAAA\n".encode(),
    "two spaces": f"x\n\n{LINE.replace('log ', 'log  ')}\n".encode(),
    "base64 that is none": "x\n\n— a AAAA*AAA\n".encode(),
    "base64 without its end": "x\n\n— a AAAAAAA\n".encode(),
    "base64 with bits to spare": "x\n\n— a AAAAAAB=\n".encode(),
    "nothing but a key id": f"x\n\n— a {b64encode(b'1234').decode()}\n".encode(),
    "not UTF-8": b"\xff\n\n" + LINE.encode() + b"\n",
    "a tab": f"x\t\n\n{LINE}\n".encode(),
    "a carriage return": f"x\r\n\r\n{LINE}\r\n".encode(),
    "a zero": f"x\0\n\n{LINE}\n".encode(),
    "a megabyte": f"{'x' * 1_000_000}\n\n{LINE}\n".encode(),
    "a megabyte of signatures": f"x\n\n{f'{LINE}{chr(10)}' * 8000}".encode(),
    "too many signatures": f"x\n\n{f'{LINE}{chr(10)}' * 101}".encode(),
    "UTF-16": f"x\n\n{LINE}\n".encode("utf-16"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_note_is_refused(case):
    with pytest.raises(NoteError) as raised:
        parse_note(MALFORMED[case], "the file `x`")
    (problem,) = raised.value.problems
    assert problem.message.startswith("the file `x` is no signed note: ")
    assert problem.remedy
    assert len(problem.message) < 200
    assert raised.value.exit_code == 2


@given(st.binary(max_size=300))
@example(b"\n\n\xe2\x80\x94 ")
def test_any_bytes_are_a_note_or_refused(data):
    try:
        note = parse_note(data, "it")
    except NoteError:
        return
    assert note.text.endswith("\n")
    assert note.signatures


def test_the_largest_note_is_read():
    text = "x" * (LARGEST - len(LINE.encode()) - 3) + "\n"
    written = f"{text}\n{LINE}\n".encode()
    assert len(written) == LARGEST
    assert parse_note(written, "it").text == text
    with pytest.raises(NoteError, match="more than"):
        parse_note(b"x" + written, "it")


@pytest.mark.parametrize("text", ["no line end", "a\ttab\n", "a\rreturn\n", ""])
def test_what_can_be_no_text_is_not_signed(text):
    with pytest.raises(ValueError, match="line end"):
        sign_note(text, KEY)


@pytest.mark.parametrize(
    ("name", "good"), [("example.org/a", True), ("", False), ("a b", False), ("a+b", False), ("a\u00a0b", False)]
)
def test_names_of_keys(name, good):
    assert is_key_name(name) is good


@given(st.binary(max_size=40))
def test_base64_is_read_in_one_form_only(data):
    text = b64encode(data).decode()
    assert decode_base64(text) == data
    assert decode_base64(f"{text}\n") is None
    assert decode_base64(f" {text}") is None
