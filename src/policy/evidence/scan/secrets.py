"""Secrets: keys and tokens by their form, passwords in addresses, and values assigned to what is called a secret.

The forms stand in `tokens`. A library that knows them is not used: detect-secrets runs its plugins over every
line by itself, at less than one megabyte a second, and knows no key of a provider of language models.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING

from policy.evidence.scan.assignments import find_assignments
from policy.evidence.scan.matching import list_hits, match_at
from policy.evidence.scan.spans import Family, Span
from policy.evidence.scan.tokens import TOKENS, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 512
LONGEST_WEB_TOKEN = 8192
_FEWEST_CHARACTERS = 8  # that differ: `xxxxxxxx` stands for a key and is none
_IN_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
_EXAMPLES = (b"EXAMPLE", b"example", b"XXXX", b"xxxx", b"....")
_URL_PASSWORD = rb"://[0-9A-Za-z._~%+-]{1,64}:[^\s/:@\"'<>{}$\\]{3,100}@[0-9A-Za-z\[]"
_NO_PASSWORDS = (b"password", b"passwd", b"pass", b"pwd", b"secret", b"token", b"xxx", b"***", b"...")


def _index_prefixes() -> dict[bytes, tuple[Token, ...]]:
    """Each prefix, with all tokens that may begin where it does."""
    prefixes = {prefix for token in TOKENS for prefix in token.prefixes}
    return {
        prefix: tuple(token for token in TOKENS if any(prefix.startswith(other) for other in token.prefixes))
        for prefix in prefixes
    }


_BY_PREFIX = _index_prefixes()


def _join_prefixes() -> bytes:
    from re import escape

    # The first alternative that fits is taken: the longer ones stand before what they begin with.
    longest = sorted(_BY_PREFIX, key=len, reverse=True)
    words = b"|".join(escape(prefix) for prefix in longest if prefix[:1].isalnum())
    others = b"|".join(escape(prefix) for prefix in longest if not prefix[:1].isalnum())
    return rb"\b(?:%s)|%s" % (words, others)


_ANCHORS = _join_prefixes()


def find_tokens(text: bytes) -> Iterator[Span]:
    """Keys and tokens of a known form."""
    for start, end in list_hits(_ANCHORS, text):
        for token in _BY_PREFIX[text[start:end]]:
            stop = _match_token(token, text, start)
            if stop >= 0:
                yield Span(start, stop, token.kind)
                break


def _match_token(token: Token, text: bytes, start: int) -> int:
    prefix = next(prefix for prefix in token.prefixes if text.startswith(prefix, start))
    body = start + len(prefix)
    longest = LONGEST_WEB_TOKEN if token.kind == "json-web-token" else LONGEST
    stop = match_at(token.body, text, body, longest)
    goes_on = not token.open and stop < len(text) and text[stop] in _IN_WORD
    return stop if stop >= 0 and not goes_on and _is_real(token.kind, text[body:stop]) else -1


def _is_real(kind: str, body: bytes) -> bool:
    """Whether it is no stand-in of the documentation."""
    if kind == "private-key":
        return True
    if kind == "json-web-token":
        return _is_jose_header(b"eyJ" + body.partition(b".")[0])
    mixed = any(48 <= byte < 58 for byte in body) or not body.islower()
    return mixed and len(set(body)) >= _FEWEST_CHARACTERS and not any(example in body for example in _EXAMPLES)


def _is_jose_header(part: bytes) -> bool:
    try:
        return b'"alg"' in urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError:
        return False


def find_url_passwords(text: bytes) -> Iterator[Span]:
    """Passwords in addresses, as in `scheme://user:password@host`."""
    for start, end in list_hits(_URL_PASSWORD, text):
        password = text[start:end].rpartition(b"@")[0].rpartition(b":")[2]
        if not password.lower().startswith(_NO_PASSWORDS) and len(set(password)) > 2:
            yield Span(start, end - 1, "url-password")


SECRETS = Family("secrets", (find_tokens, find_url_passwords, find_assignments))
