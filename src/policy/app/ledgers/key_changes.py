"""Keys that come and go: made, put in the place of another, revoked; each is an entry of the ledger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.app.ledgers.key_files import create_key_file, open_key_file, remove_key_file
from policy.errors import PolicyError, Problem
from policy.records.checkpoints import name_origin
from policy.records.keys import NEW, REVOKE, ROTATE, read_key_record, read_verifier_key, write_key_record
from policy.records.ledger import open_ledger
from policy.records.objects import Draft
from policy.records.snapshot import open_snapshot
from policy.records.verification import find_ended_keys
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.app.ledgers.locating import Place
    from policy.records.keys import KeyEvent, VerifierKey

KEY = "key"
KEY_ID: Final = re.compile(r"[0-9a-fA-F]{8}")


class KeyChange(NamedTuple):
    """What was recorded: the entry's number, the key it is about, and the one that does not count from there on."""

    seq: int
    key: VerifierKey
    ended: VerifierKey | None = None


def add_key(place: Place, path: str) -> KeyChange:
    """Make a key for a ledger, and record it. Raises PolicyError."""
    return _make(place, path, None, "")


def rotate_key(place: Place, old: str, new: str, reason: str) -> KeyChange:
    """Make a key that takes the place of the one in the file `old`. Raises PolicyError."""
    return _make(place, new, open_key_file(old).verifier, reason)


def _make(place: Place, path: str, old: VerifierKey | None, reason: str) -> KeyChange:
    with open_snapshot(*place) as snapshot:
        origin = name_origin(snapshot.name, snapshot.id)
        if old is not None:
            _check_in_use(old, origin, find_ended_keys(snapshot))
    key = create_key_file(path, origin).verifier
    action, replaced = (ROTATE, old.short) if old else (NEW, "")
    try:
        seq = _record(place, action, key, replaced, reason)
    except BaseException:
        # A key of which no entry knows would only be mistaken for one in use.
        remove_key_file(path)
        raise
    return KeyChange(seq, key, old)


def revoke_key(place: Place, text: str, reason: str) -> KeyChange:
    """Record that a key, given whole or by an id that the ledger knows, counts no more. Raises PolicyError."""
    with open_snapshot(*place) as snapshot:
        origin = name_origin(snapshot.name, snapshot.id)
        events = [
            read_key_record(seq, snapshot.read_said(seq, digest) or {}) for seq, _, digest in snapshot.read_typed(KEY)
        ]
        known = {event.key.key_id: event.key for event in events if event is not None}
        if text not in known and KEY_ID.fullmatch(text):
            remedy = "`policy ledger list --type key` shows the entries of keys, `policy ledger show` what each says"
            raise PolicyError(Problem(f"the ledger knows no key with the id `{text}`", remedy))
        key = known.get(text) or read_verifier_key(text)
        _check_in_use(key, origin, find_ended_keys(snapshot))
    return KeyChange(_record(place, REVOKE, key, "", reason), key, key)


def _check_in_use(key: VerifierKey, origin: str, ended: Mapping[str, KeyEvent]) -> None:
    if key.name != origin:
        message = f"the key is of `{key.name}`, and the ledger is `{origin}`"
        raise PolicyError(Problem(message, "name a key of this ledger"))
    if key.short in ended:
        message = f"the key `{key.short}` is out of use already, by entry {ended[key.short].seq:,}"
        raise PolicyError(Problem(message, "`policy ledger list --type key` shows the keys"))


def _record(place: Place, action: str, key: VerifierKey, replaces: str, reason: str) -> int:
    payload = write_key_record(action, key, replaces, reason, None)
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        return ledger.append([Draft(KEY, payload)])[0].seq
