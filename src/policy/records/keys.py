"""Ed25519 keys in the text forms that C2SP's notes use, and the entries that say from when on one does not count."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Location, PolicyError, Problem
from policy.records.notes import decode_base64, is_key_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

ED25519 = b"\x01"
KEY_SIZE = 32
FORMAT: Final = "policy-key-record/1"
NEW, ROTATE, REVOKE = "new", "rotate", "revoke"
SECRET_MARK = "PRIVATE+KEY+"  # noqa: S105 - what marks one
_UNTIL = re.compile(r"(\S+)(?:\s+until\s+(\d{1,18}))?")
LONGEST_LINE = 1000


class KeyFormatError(PolicyError):
    """A text is no key, or a key of another kind."""


class VerifierKey(NamedTuple):
    """A public key under a name; `key_id` are 8 hexadecimal digits."""

    name: str
    key_id: str
    public: bytes

    @property
    def text(self) -> str:
        """The form in which a key is handed to who verifies."""
        return f"{self.name}+{self.key_id}+{b64encode(ED25519 + self.public).decode()}"

    @property
    def short(self) -> str:
        """What tells it from all other keys."""
        return f"{self.name}+{self.key_id}"

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether the signature over the data is by this key."""
        ed25519 = _import_ed25519()
        from cryptography.exceptions import InvalidSignature

        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A private key under a name; it shows itself to nobody but in `text`."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = _import_ed25519().Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        public = self._key.public_key().public_bytes_raw()
        self.verifier = VerifierKey(name, find_key_id(name, public), public)

    @property
    def name(self) -> str:
        return self.verifier.name

    @property
    def key_id(self) -> str:
        return self.verifier.key_id

    @property
    def text(self) -> str:
        """The form in which it is kept; a secret."""
        return f"{SECRET_MARK}{self.name}+{self.key_id}+{b64encode(ED25519 + self._seed).decode()}"

    def sign(self, data: bytes) -> bytes:
        """The signature over the data; the same data gives the same."""
        signature: bytes = self._key.sign(data)
        return signature


class TrustedKey(NamedTuple):
    """A key that who verifies trusts; where it does not count any more, for checkpoints of up to `until` entries."""

    key: VerifierKey
    until: int | None = None


class KeyEvent(NamedTuple):
    """What an entry of type `key` says: a key is new, takes the place of another, or is revoked."""

    seq: int
    action: str
    key: VerifierKey
    replaces: str = ""
    reason: str = ""


def _import_ed25519() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise PolicyError(Problem("cryptography is not installed", "`pip install 'tunegate[ledger]'`")) from None
    return ed25519


def find_key_id(name: str, public: bytes) -> str:
    """The id of an Ed25519 key, as C2SP computes it."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4].hex()


def make_key(name: str, seed: bytes) -> SigningKey:
    """The key of 32 random bytes. Raises KeyFormatError where no key can bear the name."""
    if not is_key_name(name):
        raise KeyFormatError(Problem(f"no key can be called `{name}`", "leave out spaces and `+`"))
    return SigningKey(name, seed)


def read_verifier_key(text: str, location: Location | None = None) -> VerifierKey:
    """A public key from `NAME+ID+KEY`. Raises KeyFormatError."""
    name, key_id, data = _split_key(text, location)
    if key_id != find_key_id(name, data):
        message = f"the key `{name}+{key_id}` was cut or changed: its id is not that of its name and content"
        raise KeyFormatError(Problem(message, "copy it again, whole", location))
    return VerifierKey(name, key_id, data)


def read_signing_key(text: str, source: str) -> SigningKey:
    """A private key from the text of a key file. Raises KeyFormatError; what the text says is in no message."""
    mark, _, line = text.strip().rpartition(SECRET_MARK)
    try:
        # Without the mark it is cut off nothing, and is no key either.
        name, key_id, seed = _split_key(line if not mark and line != text.strip() else "", None)
    except KeyFormatError:
        remedy = "name one that `policy ledger key new` wrote"
        raise KeyFormatError(Problem(f"`{source}` is no key file", remedy)) from None
    key = SigningKey(name, seed)
    if key.key_id != key_id:
        message = f"the key in `{source}` was cut or changed: its id is not that of its name and content"
        raise KeyFormatError(Problem(message, "restore the file from where it is kept"))
    return key


def _split_key(text: str, location: Location | None) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    if len(text) > LONGEST_LINE or not is_key_name(name) or not re.fullmatch(r"[0-9a-f]{8}", key_id) or not data:
        shown = f"{text[:60]}…" if len(text) > 60 else text
        problem = Problem(f"`{shown}` is no key of the form NAME+ID+KEY", "copy the line that made it known", location)
        raise KeyFormatError(problem)
    if data[:1] != ED25519 or len(data) != KEY_SIZE + 1:
        message = f"the key `{name}+{key_id}` is not of the kind Ed25519"
        raise KeyFormatError(Problem(message, "name one that `policy ledger key new` made", location))
    return name, key_id, data[1:]


def read_trusted_keys(text: str, source: str) -> tuple[TrustedKey, ...]:
    """The keys of a file: one a line, behind it perhaps `until SIZE`; `#` begins a comment. Raises KeyFormatError."""
    found, problems = [], []
    for number, raw in enumerate(text.splitlines(), 1):
        # A base64 text has no `#`, a name could: only behind a space or at the start it begins a comment.
        line = re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()
        if not line:
            continue
        place = Location(source, number)
        match = _UNTIL.fullmatch(line) if len(line) <= LONGEST_LINE else None
        if match is None:
            problems.append(Problem("this line is no trusted key", "write `KEY`, or `KEY until SIZE`", place))
            continue
        try:
            found.append(TrustedKey(read_verifier_key(match[1], place), None if match[2] is None else int(match[2])))
        except KeyFormatError as error:
            problems.extend(error.problems)
    if not found and not problems:
        problems.append(Problem(f"`{source}` names no key", "write one a line, as `policy ledger key new` shows it"))
    if problems:
        raise KeyFormatError(*problems)
    return tuple(found)


def write_key_record(action: str, key: VerifierKey, replaces: str, reason: str, actor: str | None) -> dict[str, Any]:
    """The payload of an entry about a key."""
    return {
        "action": action,
        "actor": actor,
        "format": FORMAT,
        "key": key.text,
        "reason": reason,
        "replaces": replaces or None,
    }


def read_key_record(seq: int, payload: Mapping[str, Any]) -> KeyEvent | None:
    """What such a payload says; None where it is none that this version reads."""
    action, text = payload.get("action"), payload.get("key")
    if payload.get("format") != FORMAT or action not in (NEW, ROTATE, REVOKE) or not isinstance(text, str):
        return None
    try:
        key = read_verifier_key(text)
    except KeyFormatError:
        return None
    return KeyEvent(seq, action, key, str(payload.get("replaces") or ""), str(payload.get("reason") or ""))


def find_endings(events: Iterable[KeyEvent]) -> dict[str, KeyEvent]:
    """By key, the entry that took it out of use: the first that revoked it or put another in its place.

    Checkpoints of a size below that entry's number still count. Entries can only take trust away: which keys are
    trusted at all is never the ledger's word, for who may write to it would name his own.
    """
    endings: dict[str, KeyEvent] = {}
    for event in events:
        ended = {NEW: "", ROTATE: event.replaces, REVOKE: event.key.short}[event.action]
        if ended:
            endings.setdefault(ended, event)
    return endings
