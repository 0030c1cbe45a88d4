from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.records.checkpoints import (
    Checkpoint,
    join_log,
    name_origin,
    read_checkpoint,
    read_log,
    sign_checkpoint,
)
from policy.records.keys import make_key
from policy.records.notes import NoteError, is_key_name, sign_note

LEDGER = "0123456789abcdef" * 2
ORIGIN = f"tunegate/acme/{LEDGER}"
KEY = make_key(ORIGIN, bytes(range(32)))
ROOT = bytes(range(32))
ENCODED = b64encode(ROOT).decode()


def make_note(size):
    return sign_checkpoint(Checkpoint(ORIGIN, size, ROOT), KEY)


def test_the_form_is_that_of_the_specification():
    assert make_note(12).startswith(f"{ORIGIN}\n12\n{ENCODED}\n\n— {ORIGIN} ")
    assert make_note(12).count("\n") == 5


@given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32))
def test_written_and_read(size, root):
    checkpoint = Checkpoint(ORIGIN, size, root)
    signed = read_checkpoint(sign_checkpoint(checkpoint, KEY).encode(), "it")
    assert signed.checkpoint == checkpoint
    assert signed.written == sign_checkpoint(checkpoint, KEY)


def test_lines_that_others_add_are_read_over():
    text = f"{ORIGIN}\n12\n{ENCODED}\nan extension\n"
    assert read_checkpoint(sign_note(text, KEY).encode(), "it").checkpoint == Checkpoint(ORIGIN, 12, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "x\n",
        f"{ORIGIN}\n12\n",
        f"{ORIGIN}\n012\n{ENCODED}\n",
        f"{ORIGIN}\n-1\n{ENCODED}\n",
        f"{ORIGIN}\n1e3\n{ENCODED}\n",
        f"{ORIGIN}\n\uff11\uff12\n{ENCODED}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ENCODED}\n",
        f"{ORIGIN}\n12\n{ENCODED[:-1]}\n",
        f"{ORIGIN}\n12\n{ENCODED} \n",
        f"{ORIGIN}\n12\n{b64encode(ROOT[1:]).decode()}\n",
        f"\n12\n{ENCODED}\n",
        f"{ORIGIN}\n12\n{ENCODED}\n\nmore\n",
        f"12\n{ORIGIN}\n{ENCODED}\n",
    ],
)
def test_a_note_that_is_no_checkpoint(text):
    with pytest.raises(NoteError) as raised:
        read_checkpoint(sign_note(text, KEY).encode(), "the file `x`")
    (problem,) = raised.value.problems
    assert problem.message.startswith("the file `x` is a signed note and no checkpoint")
    assert problem.remedy


# Logs


@pytest.mark.parametrize("sizes", [[3], [3, 5], [0, 1, 2, 3]])
def test_a_log_is_read_as_it_was_written(sizes):
    notes = [make_note(size) for size in sizes]
    found = read_log(join_log(notes).encode(), "c")
    assert [one.checkpoint.size for one in found] == sizes
    assert [one.written for one in found] == notes


def test_sources_say_which_of_the_log():
    assert [one.source for one in read_log(make_note(1).encode(), "c")] == ["the checkpoint `c`"]
    log = join_log([make_note(1), make_note(2)])
    assert [one.source for one in read_log(log.encode(), "c")] == ["checkpoint 1 of `c`", "checkpoint 2 of `c`"]


BROKEN = {
    "nothing": b"",
    "an empty line": b"\n",
    "a text": b"hello\n",
    "a half-written note": join_log([make_note(1), make_note(2)])[:-20].encode(),
    "a note without its signature": f"{make_note(1)}\n{ORIGIN}\n2\n{ENCODED}\n".encode(),
    "something behind the last": f"{make_note(1)}\nx\n".encode(),
    "something before the first": f"\n{make_note(1)}".encode(),
    "an empty line more": f"{make_note(1)}\n\n{make_note(2)}".encode(),
    "not UTF-8": make_note(1).encode() + b"\n\xff\n",
    "a megabyte": b"x" * 1_000_000,
    "a megabyte of empty lines": b"\n" * 1_000_000,
    "a megabyte of lines": b"x\n\n" * 300_000,
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_log_is_refused(case):
    with pytest.raises(NoteError) as raised:
        read_log(BROKEN[case], "c")
    (problem,) = raised.value.problems
    assert "`c`" in problem.message
    assert len(problem.message) < 200


@given(st.data())
def test_no_bytes_are_lost_in_a_log(data):
    written = join_log([make_note(1), make_note(2), make_note(3)]).encode()
    start = data.draw(st.integers(0, len(written) - 1))
    stop = data.draw(st.integers(start + 1, len(written)))
    try:
        found = read_log(written[:start] + written[stop:], "c")
    except NoteError:
        return
    assert join_log([one.written for one in found]).encode() == written[:start] + written[stop:]


# Origins


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("acme", "acme"),
        ("Acme ML+ops", "Acme%20ML%2Bops"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("", "-"),
        ("größe\n", "gr%C3%B6%C3%9Fe%0A"),
        ("\udcff", "%FF"),
    ],
)
def test_any_name_makes_an_origin(name, quoted):
    origin = name_origin(name, LEDGER)
    assert origin == f"tunegate/{quoted}/{LEDGER}"
    assert is_key_name(origin)
    assert origin.isascii()
    assert origin.isprintable()
