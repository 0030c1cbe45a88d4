"""Signed lines of a spool: what a server did while the ledger was down, and could not be told from a forgery else.

The key is the server's own, and none that signs checkpoints. Each line is bound to one ledger and one server.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.notes import decode_base64
from policy.records.spool_files import seal, unseal
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.records.keys import SigningKey, VerifierKey

FORMAT: Final = "policy-spool/2"
SIGNED: Final = "-runs"
"""What the name of a spool has behind it where its lines are signed."""
UPLOAD, GLASS, RUN, DECISION = "upload", "glass", "run", "decision"
KINDS: Final = (UPLOAD, GLASS, RUN, DECISION)


class Issuer(NamedTuple):
    """Who states something: a server, by its name in the ledger, for the ledger of this id."""

    ledger: str
    server: str


class Statement(NamedTuple):
    """What happened at a time; `id` tells it from all others."""

    kind: str
    id: str
    time: str
    said: Mapping[str, Any]


def write_statement(issuer: Issuer, statement: Statement, key: SigningKey) -> bytes:
    """A statement as a line."""
    stated = {**issuer._asdict(), **statement._asdict()}
    signature = b64encode(key.sign(_list_signed(stated))).decode()
    body = {"format": FORMAT, "key": key.verifier.short, "signature": signature, "stated": stated}
    return seal(canonical_json(body))


def read_statement(line: bytes, keys: Sequence[VerifierKey], issuer: Issuer) -> Statement:
    """The statement of a line that one of these keys has signed. Raises ValueError for any other."""
    read: Any = json.loads(unseal(line))
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise ValueError("it was written by another version")
    stated, name = read["stated"], str(read["key"])
    key = next((key for key in keys if key.short == name), None)
    if key is None:
        raise ValueError(f"it is signed by `{name[:80]!a}`, which is none of `spool_keys`")
    signature = decode_base64(str(read["signature"]))
    if signature is None or not key.verify(_list_signed(stated), signature):
        raise ValueError("its signature does not fit what it says")
    for what, wanted in issuer._asdict().items():
        if stated[what] != wanted:
            raise ValueError(f"it was written for another {what}")
    if stated["kind"] not in KINDS:
        raise ValueError("it is of a kind that this version does not know")
    return Statement(*(stated[name] for name in Statement._fields))


def _list_signed(stated: Any) -> bytes:
    """The bytes that are signed; no other signature of the same key can be mistaken for one of these."""
    return f"{FORMAT}\n".encode() + canonical_json(stated)
