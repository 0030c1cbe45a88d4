"""Payment cards and bank accounts, told by their check digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.scan.checksums import passes_luhn, passes_mod_97, read_digits
from policy.evidence.scan.matching import list_hits, match_at
from policy.evidence.scan.naming import is_called_otherwise
from policy.evidence.scan.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_CARD = (
    rb"\b(?:[3-6][0-9]{13,15}"
    rb"|[2-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}"
    rb"|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}"
    rb"|2[2-7][0-9]{14})\b"
)
# What stands beside a number that is part of a longer one: a fraction, a chain of groups, base64.
_JOINED = frozenset((b"-", b".", b"/", b"+", b"_"))
# Numbers that payment providers publish for testing belong to nobody.
_TEST_CARDS = frozenset(
    b"4111111111111111 4242424242424242 4012888888881881 4000056655665556 5555555555554444 5105105105105100 "
    b"5200828282828210 2223003122003222 378282246310005 371449635398431 6011111111111117 6011000990139424 "
    b"30569309025904 38520000023237 36227206271667 3530111333300000 3566002020360505 4000000000000002".split()
)
# Where an account's country has as many characters: the IBAN registry of SWIFT, ISO 13616.
_IBAN_LENGTHS = {
    country: length
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK MN"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM TL SO"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB PL SV NI"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
    for country in countries.split()
}
_IBAN_START = rb"\b[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4} ?[0-9A-Z]{4}"
_IBAN_REST = rb"(?: ?[0-9A-Z])*"
_LONGEST_IBAN = 33 + 9
_EXAMPLE_IBANS = frozenset(
    b"GB82WEST12345698765432 GB29NWBK60161331926819 GB33BUKB20201555555555 DE89370400440532013000 "
    b"FR1420041010050500013M02606 NL91ABNA0417164300 ES9121000418450200051332 BE68539007547034".split()
)


def find_cards(text: bytes) -> Iterator[Span]:
    """Card numbers of an issuer's range whose last digit is right, except those for testing."""
    for start, end in list_hits(_CARD, text):
        if _is_part(text, start, end):
            continue
        digits = read_digits(text[start:end])
        if len(digits) == end - start and is_called_otherwise(text, start):
            continue
        number = bytes(digit + 48 for digit in digits)
        if _is_issued(number) and len(set(digits)) > 2 and number not in _TEST_CARDS and passes_luhn(digits):
            yield Span(start, end, "payment-card")


def _is_part(text: bytes, start: int, end: int) -> bool:
    """Whether the number goes on to the left or the right."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return before in _JOINED or (after in _JOINED and text[end + 1 : end + 2].isalnum())


def _is_issued(number: bytes) -> bool:
    """Whether an issuer gives out numbers that begin so and are as long (ISO/IEC 7812-1)."""
    first4, length = int(number[:4]), len(number)
    if length == 16:
        return (
            number[:1] == b"4"
            or 5100 <= first4 <= 5599
            or 2221 <= first4 <= 2720
            or 3528 <= first4 <= 3589
            or first4 == 6011
            or 6440 <= first4 <= 6599
            or 6200 <= first4 <= 6299
        )
    if length == 15:
        return number[:2] in (b"34", b"37")
    return number[:2] in (b"36", b"38", b"39") or 3000 <= first4 <= 3059


def find_ibans(text: bytes) -> Iterator[Span]:
    """International bank account numbers, as long as those of their country, whose check digits are right."""
    for start, _ in list_hits(_IBAN_START, text):
        length = _IBAN_LENGTHS.get(text[start : start + 2].decode())
        if length is None:
            continue
        run = text[start : match_at(_IBAN_REST, text, start, _LONGEST_IBAN + 1)]
        end = _count_up_to(run, length)
        compact = run[:end].replace(b" ", b"")
        if len(compact) != length or run[end : end + 1].isalnum() or compact in _EXAMPLE_IBANS:
            continue
        if passes_mod_97(compact):
            yield Span(start, start + end, "iban")


def _count_up_to(run: bytes, length: int) -> int:
    """Where so many characters that are no spaces end."""
    end = length
    while end < len(run) and end - run.count(b" ", 0, end) < length:
        end += 1
    return end
