"""One entry of a ledger, and the bytes of it that are hashed; the form is for ever, so that it has a version.

The bytes are the canonical JSON of the entry's parts. Their hash is that of a leaf as RFC 6962 has it, and the chain
binds every entry to all before it: chain(n) = SHA-256(chain(n-1) + leaf), where chain(0) is that of `policy-ledger/1`,
a line feed, and the sixteen bytes of the ledger's id.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.model.canonical import canonical_json
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = "policy-entry/1"
LEDGER_FORMAT: Final = "policy-ledger/1"
# What an entry is about: `decision`, `approval`, `policy-set`.
TYPE: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")


class Entry(NamedTuple):
    """A row: `seq` from 1 without gaps, `time` in UTC, `payload` the digest of what it records."""

    seq: int
    time: str
    type: str
    payload: str
    leaf: bytes
    chain: bytes


def leaf_bytes(ledger_id: str, seq: int, time: str, type: str, payload: str) -> bytes:  # noqa: A002 - the entry's word
    """The bytes that are hashed: canonical JSON of all parts, and of which ledger it is an entry."""
    if _is_plain(f"{ledger_id}{payload}{time}{type}"):
        # What every entry of ours looks like; the exact writer costs ten times as much.
        return (
            f'{{"format":"{FORMAT}","ledger":"{ledger_id}","payload":"{payload}",'
            f'"seq":{seq},"time":"{time}","type":"{type}"}}'
        ).encode()
    return canonical_json(
        {"format": FORMAT, "ledger": ledger_id, "payload": payload, "seq": seq, "time": time, "type": type}
    )


def _is_plain(texts: str) -> bool:
    """Whether JSON has them as they are."""
    return texts.isascii() and texts.isprintable() and '"' not in texts and "\\" not in texts


def hash_leaf(data: bytes) -> bytes:
    """The hash of a leaf, told from that of an inner node by its first byte (RFC 6962)."""
    return sha256(b"\0" + data).digest()


def start_chain(ledger_id: str) -> bytes:
    """The chain before the first entry, of 32 hexadecimal digits."""
    return sha256(f"{LEDGER_FORMAT}\n".encode() + bytes.fromhex(ledger_id)).digest()


def extend_chain(chain: bytes, leaf: bytes) -> bytes:
    """The chain after one more entry."""
    return sha256(chain + leaf).digest()


def make_entry(ledger_id: str, before: bytes, seq: int, time: str, type: str, payload: str) -> Entry:  # noqa: A002
    """The entry that follows the one with the chain `before`."""
    leaf = hash_leaf(leaf_bytes(ledger_id, seq, time, type, payload))
    return Entry(seq, time, type, payload, leaf, extend_chain(before, leaf))


def make_entries(ledger_id: str, before: bytes, seq: int, time: str, parts: Sequence[tuple[str, str]]) -> list[Entry]:
    """Entries of types and digests, all of one time, from number `seq` on: as `make_entry` makes each.

    A call for each of their hashes would cost more than the hashes.
    """
    chain, made = before, []
    plain = _is_plain("".join((ledger_id, time, *{kind for kind, _ in parts})))
    head = f'\0{{"format":"{FORMAT}","ledger":"{ledger_id}","payload":"'
    for number, (type, payload) in enumerate(parts, seq):  # noqa: A001 - the entry's word
        if plain:
            leaf = sha256(f'{head}{payload}","seq":{number},"time":"{time}","type":"{type}"}}'.encode()).digest()
        else:
            leaf = hash_leaf(leaf_bytes(ledger_id, number, time, type, payload))
        chain = sha256(chain + leaf).digest()
        made.append(Entry(number, time, type, payload, leaf, chain))
    return made
