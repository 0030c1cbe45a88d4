"""What a file that is there already shows itself to be: a report takes the place of reports alone."""

from __future__ import annotations

import os
import re
from typing import Final

from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME
from policy.model.manifest import MANIFEST_NAME

_NAMES: Final = {
    MANIFEST_NAME: "a manifest",
    SET_NAME: "a policy set",
    PROJECT_NAME: "the settings of a project",
}
_DATABASE: Final = b"SQLite format 3\0"
# In what order the bytes of its numbers stand depends on the machine.
_WAITING: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_BESIDE: Final = ("-wal", "-shm", "-journal")
_READ: Final = 1 << 14
_KNOWN: Final = (
    (re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"), "a private key"),
    (re.compile(rb"\s*PRIVATE\+KEY\+"), "a private key"),
    # A checkpoint: origin, size and root hash, maybe more lines, and behind an empty one the signatures.
    (re.compile(rb"[^\n]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n)*\n\xe2\x80\x94 "), "a log of checkpoints"),
    (re.compile(rb"(?:#[^\n]*\n|\s)*[^\s+#<|]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43,44}=*(?:\s|$)"), "a file of keys"),
    (re.compile(rb"[0-9a-f]{32} \S"), "the spool of a ledger"),
)


def find_kind(path: str) -> str:
    """What the file at a path is that no report may take the place of; empty for any other, and where there is none."""
    place = os.path.realpath(path)
    if not os.path.isfile(place):
        return ""
    named = _NAMES.get(os.path.basename(place))
    if named is not None:
        return named
    start = _read_start(place)
    if start is None:
        return "a file that cannot be read here"
    if start.startswith(_DATABASE):
        return "a database"
    if start.startswith(_WAITING) or any(_belongs(place, ending) for ending in _BESIDE):
        return "a part of a database"
    return next((kind for form, kind in _KNOWN if form.match(start)), "")


def _belongs(place: str, ending: str) -> bool:
    """Whether a file lies beside a database as SQLite names what belongs to one."""
    database = place.removesuffix(ending)
    return database != place and (_read_start(database) or b"").startswith(_DATABASE)


def _read_start(place: str) -> bytes | None:
    if not os.path.isfile(place):
        return None
    try:
        with open(place, "rb") as stream:
            return stream.read(_READ)
    except OSError:
        return None
