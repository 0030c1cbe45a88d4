"""Phone numbers in international form, `+` and a country code, as ITU-T E.164 has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.scan.checksums import read_digits
from policy.evidence.scan.matching import list_hits
from policy.evidence.scan.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_PHONE = rb"\+[1-9][0-9]{0,3}(?:[ .-]?\(?[0-9]{1,6}\)?){2,8}"
# What would make it part of a sum, of base64 or of another number.
_BEFORE = frozenset(
    bytes((byte,)) for byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_.^*)"
)
# Country codes of two digits; all others but 1 and 7 have three (ITU-T E.164, list of assigned codes).
_TWO = frozenset(
    b"20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 "
    b"90 91 92 93 94 95 98".split()
)
_THREE = frozenset(
    b"211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 "
    b"243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 "
    b"298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 "
    b"389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 "
    b"675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963 "
    b"964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998".split()
)


def find_phones(text: bytes) -> Iterator[Span]:
    """Numbers of an assigned country code and a length that is dialled there; counting up is no number."""
    for start, end in list_hits(_PHONE, text):
        if text[max(0, start - 1) : start] in _BEFORE or text[end : end + 1].isalnum():
            continue
        if _is_dialled(bytes(digit + 48 for digit in read_digits(text[start:end]))):
            yield Span(start, end, "phone")


def _is_dialled(digits: bytes) -> bool:
    if b"1234567" in digits:
        return False
    if digits[:1] == b"1":
        return _is_north_american(digits[1:])
    if digits[:1] == b"7":
        return len(digits) == 11 and digits[1:2] in b"34679"
    code = 2 if digits[:2] in _TWO else 3 if digits[:3] in _THREE else 0
    national = digits[code:]
    # A national number does not begin with 0, outside Italy; with the (0) that many write it is longer by one.
    written = national.removeprefix(b"0") if national[:1] == b"0" else national
    return bool(code) and 7 <= len(written) <= 12 and len(digits) <= 16 and len(set(digits)) > 3


def _is_north_american(national: bytes) -> bool:
    """NPA-NXX-XXXX, neither beginning with 0 or 1; 555-01XX is kept for fiction."""
    if len(national) != 10 or national[0] < 50 or national[3] < 50:
        return False
    return not national[3:].startswith(b"55501")
