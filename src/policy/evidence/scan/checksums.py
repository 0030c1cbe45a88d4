"""Check digits, each by its published rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def read_digits(text: bytes) -> list[int]:
    """The digits of a text; all else is left out."""
    return [byte - 48 for byte in text if 48 <= byte < 58]


def passes_luhn(digits: Sequence[int]) -> bool:
    """ISO/IEC 7812-1, annex B: payment cards and several national numbers."""
    plain, doubled = digits[-1::-2], digits[-2::-2]
    return (sum(plain) + sum(_DOUBLED[digit] for digit in doubled)) % 10 == 0


def passes_mod_97(compact: bytes) -> bool:
    """ISO/IEC 7064 MOD 97-10 as in ISO 13616: an IBAN without spaces."""
    remainder = 0
    for byte in compact[4:] + compact[:4]:
        digit = byte - 48 if byte < 58 else byte - 55
        remainder = (remainder * (10 if digit < 10 else 100) + digit) % 97
    return remainder == 1


def passes_mod_11_10(digits: Sequence[int]) -> bool:
    """ISO/IEC 7064 MOD 11,10: the German tax number of persons."""
    product = 10
    for digit in digits[:-1]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[-1]


def weigh(digits: Sequence[int], weights: Sequence[int]) -> int:
    """The sum of the digits, each times its weight."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))
