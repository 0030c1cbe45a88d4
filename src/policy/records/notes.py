"""Signed notes as C2SP has them (c2sp.org/signed-note): a text, an empty line, and a line for each signature."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from policy.records.keys import SigningKey, VerifierKey

# A checkpoint has some 300 bytes; with the cosignatures of many witnesses a few thousand.
LARGEST = 1 << 16
MOST_SIGNATURES = 100
KEY_ID_SIZE = 4
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(PolicyError):
    """What is given is no signed note, or no checkpoint; or its signature does not count."""


class ForgedNoteError(NoteError):
    """A signature that bears the name and the id of a key is not by it."""


class Signature(NamedTuple):
    """One line: by which key, named by its name and its id of 8 hexadecimal digits."""

    name: str
    key_id: str
    signature: bytes


class Note(NamedTuple):
    """A text, which ends with a line end, and all its signatures; none of them is verified yet."""

    text: str
    signatures: tuple[Signature, ...]


def sign_note(text: str, *keys: SigningKey) -> str:
    """The note of a text, signed by each key. Raises ValueError where the text can be none."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("a note's text ends with a line end and has no control characters")
    lines = [_write_line(Signature(key.name, key.key_id, key.sign(text.encode()))) for key in keys]
    return f"{text}\n{''.join(lines)}"


def _write_line(signature: Signature) -> str:
    data = b64encode(bytes.fromhex(signature.key_id) + signature.signature)
    return f"{_MARK}{signature.name} {data.decode()}\n"


def parse_note(data: bytes, source: str) -> Note:
    """The note that some bytes are; `source` says in messages where they come from. Raises NoteError."""
    if len(data) > LARGEST:
        raise _refuse(source, f"it has more than {LARGEST:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _refuse(source, "it is not UTF-8") from None
    if _CONTROL.search(text):
        raise _refuse(source, "it holds control characters")
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail:
        raise _refuse(source, "no empty line and signatures follow its text")
    if not tail.endswith("\n"):
        raise _refuse(source, "it does not end with a line end")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _refuse(source, f"it has more than {MOST_SIGNATURES} signatures")
    return Note(f"{body}\n", tuple(_read_line(line, source) for line in lines))


def _read_line(line: str, source: str) -> Signature:
    name, gap, encoded = line.removeprefix(_MARK).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_MARK) or not gap or not is_key_name(name) or data is None or len(data) <= KEY_ID_SIZE:
        raise _refuse(source, "one of its signature lines is malformed")
    return Signature(name, data[:KEY_ID_SIZE].hex(), data[KEY_ID_SIZE:])


def decode_base64(text: str) -> bytes | None:
    """The bytes of standard base64, None where it is not exactly that: two texts never stand for the same bytes."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None


def is_key_name(name: str) -> bool:
    """Whether a note can name a key so."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def find_signer(note: Note, keys: Collection[VerifierKey], source: str) -> VerifierKey:
    """The first of the keys that signed the note.

    Raises NoteError where none did, ForgedNoteError where a signature only seems to be by one of them.
    """
    signers = []
    for key in keys:
        for signature in note.signatures:
            if (signature.name, signature.key_id) != (key.name, key.key_id):
                continue
            if not key.verify(note.text.encode(), signature.signature):
                message = f"the signature of {source} by `{key.short}` is wrong: its text was changed, or it is forged"
                raise ForgedNoteError(
                    Problem(message, "get it from where it was first kept, and find out who changed it")
                )
            signers.append(key)
    if not signers:
        names = ", ".join(f"`{one.name}+{one.key_id}`" for one in note.signatures)
        message = f"{source} is signed by {names}, and no key that is trusted"
        raise NoteError(Problem(message, "name the keys that you trust with `--trusted-keys FILE`"))
    return signers[0]


def _refuse(source: str, why: str) -> NoteError:
    return NoteError(Problem(f"{source} is no signed note: {why}", "name a file that `policy ledger checkpoint` wrote"))
