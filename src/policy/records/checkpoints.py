"""Checkpoints as C2SP has them (c2sp.org/tlog-checkpoint): how many entries a ledger had, and the root over them."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from policy.errors import Problem
from policy.records.merkle import HASH_SIZE
from policy.records.notes import LARGEST, NoteError, decode_base64, parse_note, sign_note
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.records.keys import SigningKey
    from policy.records.notes import Note

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
# Hourly checkpoints for a hundred years.
LARGEST_LOG = 1 << 28


class Checkpoint(NamedTuple):
    """A ledger's size and root at one time; `origin` says which ledger's."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class SignedCheckpoint(NamedTuple):
    """A checkpoint with its note; `source` says where it comes from, for messages. Nothing of it is verified."""

    checkpoint: Checkpoint
    note: Note
    source: str
    written: str


def name_origin(name: str, ledger_id: str) -> str:
    """The origin of a ledger's checkpoints, and the name of the keys that sign them."""
    quoted = quote(name, safe="", errors="surrogateescape") or "-"
    # The origin is a path on a branch, too.
    return f"tunegate/{quoted if quoted.strip('.') else quoted.replace('.', '%2E')}/{ledger_id}"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The note of a checkpoint."""
    return sign_note(checkpoint.text, key)


def read_checkpoint(data: bytes, source: str) -> SignedCheckpoint:
    """The checkpoint of one note. Raises NoteError."""
    note = parse_note(data, source)
    lines = note.text[:-1].split("\n")
    root = decode_base64(lines[2]) if len(lines) >= 3 else None
    if not all(lines) or root is None or len(root) != HASH_SIZE or not _SIZE.fullmatch(lines[1]):
        message = f"{source} is a signed note and no checkpoint: it has no origin, size and root hash on three lines"
        raise NoteError(Problem(message, "name a file that `policy ledger checkpoint` wrote"))
    return SignedCheckpoint(Checkpoint(lines[0], int(lines[1]), root), note, source, data.decode())


def read_log(data: bytes, name: str) -> tuple[SignedCheckpoint, ...]:
    """The checkpoints of the file `name`: one note, or several with an empty line between two. Raises NoteError."""
    if len(data) > LARGEST_LOG:
        raise NoteError(Problem(f"`{name}` has more than {LARGEST_LOG:,} bytes", "name a log of checkpoints"))
    notes = split_log(data)
    if len(notes) == 1:
        return (read_checkpoint(notes[0], f"the checkpoint `{name}`"),)
    return tuple(read_checkpoint(note, f"checkpoint {number:,} of `{name}`") for number, note in enumerate(notes, 1))


def split_log(data: bytes) -> list[bytes]:
    """The notes of a log; what is malformed is left as it is, for who reads it as a note."""
    # Behind signatures, an empty line begins the next note; the text of a checkpoint has none.
    mark = "— ".encode()
    parts = data.split(b"\n\n")
    notes: list[bytes] = []
    waiting = b""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        waiting += part if last else part + b"\n"
        if part.startswith(mark) or last or len(waiting) > LARGEST:
            notes.append(waiting)
            waiting = b""
        else:
            waiting += b"\n"
    return notes


def join_log(notes: list[str]) -> str:
    """The text of a log."""
    return "\n".join(notes)
