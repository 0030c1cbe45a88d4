"""Values assigned to what is called a password, key, secret or token, where they look random enough to be one.

After the generic rule of gitleaks: a telling name, a sign of assignment, and a value of high entropy.
"""

from __future__ import annotations

from math import log2
from re import IGNORECASE
from re import compile as compile_pattern
from typing import TYPE_CHECKING

from policy.evidence.scan.matching import list_hits, match_at
from policy.evidence.scan.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = (
    rb"(?i:passw(?:or)?d|passphrase|pwd|secret|api[_ -]?key|access[_-]?key|auth[_-]?key|secret[_-]?key"
    rb"|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|token)"
)
_ANCHOR = _NAME + rb"[\\\"'`\]]{0,4}[ \t]{0,3}(?:=>|:=|==|=|:)[ \t]{0,3}[\\\"'`]{0,3}"
_VALUE = rb"[0-9A-Za-z_+/=.~!@#$%^&*?-]{8,}"
_LONGEST_VALUE = 200
# Less is a word or a counter: random keys of 20 characters have about 4 bits a character.
_LEAST_KEY_ENTROPY = 3.5
_LEAST_HEX_ENTROPY = 3.0  # of 4 that are possible
_LEAST_PASSWORD_ENTROPY = 2.75
_STAND_IN = compile_pattern(
    rb"your|example|^password|^secret|^pass[^a-z]|^test|sample|dummy|placeholder|changeme|change_me|redacted|xxx|\*\*\*|\.\.\.|\$\{|%\(|<|env\.|environ|getenv"
    rb"|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^\d+$|^[0-9.,:/-]+$|^https?:|^\$|^/|^\./",
    IGNORECASE,
)
_HEX = compile_pattern(rb"[0-9A-Fa-f]+")
_SPOKEN = compile_pattern(rb"[A-Za-z]+(?:[_.-][A-Za-z]+)*[!?.,]*")
_PASSWORD_NAMES = (b"passw", b"pwd", b"passphrase")


def find_assignments(text: bytes) -> Iterator[Span]:
    """Random-looking values that are assigned to a telling name."""
    done = 0
    for start, end in list_hits(_ANCHOR, text):
        if start < done:
            continue  # a name within a value that was looked at: `token=token=…` would be read again and again
        stop = match_at(_VALUE, text, end, _LONGEST_VALUE)
        done = max(done, stop)
        if stop >= 0 and _is_secret(text[start:end].lower(), text[end:stop].rstrip(b".,!?")):
            yield Span(end, stop, "assigned-secret")


def _is_secret(name: bytes, value: bytes) -> bool:
    if _STAND_IN.search(value) or _SPOKEN.fullmatch(value):
        return False
    if not (any(48 <= byte < 58 for byte in value) and any(byte >= 65 for byte in value)):
        return False
    if name.startswith(_PASSWORD_NAMES):
        return len(value) >= 8 and measure_entropy(value) >= _LEAST_PASSWORD_ENTROPY
    least = _LEAST_HEX_ENTROPY if _HEX.fullmatch(value) else _LEAST_KEY_ENTROPY
    return len(value) >= 16 and measure_entropy(value) >= least


def measure_entropy(value: bytes) -> float:
    """Shannon's entropy of the bytes, in bits a byte."""
    counts = [value.count(byte) for byte in set(value)]
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)
