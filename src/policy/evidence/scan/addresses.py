"""E-mail addresses that may be a person's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.scan.matching import list_hits, match_at
from policy.evidence.scan.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._%+'-"
_LONGEST_LOCAL = 64  # RFC 5321, section 4.5.3.1.1
# What is long on either side of the sign is slow to search for: it is looked at where this is found.
_SIGN = rb"[0-9A-Za-z_%+'-]@[0-9A-Za-z][0-9A-Za-z-]*\.[0-9A-Za-z]"
_DOMAIN = rb"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.)+[A-Za-z]{2,24}"
_LONGEST_DOMAIN = 255
# RFC 2606 and RFC 6762: names that belong to nobody; and endings of files, as in icon@2x.png.
_NOBODY = frozenset(
    b"test example invalid localhost local localdomain internal lan "
    b"png jpg jpeg gif svg webp css js json html htm".split()
)
_RESERVED = frozenset((b"example.com", b"example.net", b"example.org", b"example.edu"))
_NO_PERSONS = frozenset((b"git", b"noreply", b"no-reply", b"no_reply", b"donotreply", b"do-not-reply"))


def find_emails(text: bytes) -> Iterator[Span]:
    """Addresses, without those of reserved domains, of machines that read no answer, and in `user:password@host`."""
    for first, _ in list_hits(_SIGN, text):
        at = first + 1
        end = match_at(_DOMAIN, text, at + 1, _LONGEST_DOMAIN)
        if end < 0:
            continue
        before = text[max(0, at - _LONGEST_LOCAL) : at]
        local = before[len(before.rstrip(_LOCAL)) :].lstrip(b"._%+'-")
        start = at - len(local)
        if _is_personal(local.lower(), text[at + 1 : end].lower()) and not _is_in_address(text, start):
            yield Span(start, end, "email")


def _is_personal(local: bytes, domain: bytes) -> bool:
    if not local or local.endswith(b".") or local in _NO_PERSONS:
        return False
    labels = domain.split(b".")
    owner = b".".join(labels[-2:])
    return labels[-1] not in _NOBODY and owner not in _RESERVED and not owner.startswith(b"your")


def _is_in_address(text: bytes, start: int) -> bool:
    """Whether it is the end of a password and a host, which is a matter of secrets."""
    if text[start - 1 : start] != b":":
        return False
    return b"://" in text[max(0, start - 128) : start].rpartition(b" ")[2]
