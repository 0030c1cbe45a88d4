"""The rules that national numbers of persons keep: check digits, dates, and what is never given out."""

from __future__ import annotations

from datetime import date

from policy.evidence.scan.checksums import passes_luhn, passes_mod_11_10, read_digits, weigh

_ODD_DIGITS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ODD_LETTERS = (*_ODD_DIGITS, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ODD_PLACES = dict(zip(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (*_ODD_DIGITS, *_ODD_LETTERS), strict=True))


def is_ssn(text: bytes) -> bool:
    """Not an area, group or serial number that is never given out, nor one of the two known from advertising."""
    area, group, serial = text.split(b"-")
    given = area not in (b"000", b"666") and area < b"900" and group != b"00" and serial != b"0000"
    return given and text not in (b"078-05-1120", b"219-09-9999", b"123-45-6789")


def is_nir(text: bytes) -> bool:
    """A month that may be, and 97 less the remainder of the thirteen characters as key; Corsica is 2A and 2B."""
    compact = text.replace(b" ", b"")
    month, department = int(compact[3:5]), compact[5:7]
    offset = {b"2A": 1_000_000, b"2B": 2_000_000}.get(department, 0)
    number = int(compact[:13].replace(b"A", b"0").replace(b"B", b"0")) - offset
    return (1 <= month <= 12 or 20 <= month <= 42) and 97 - number % 97 == int(compact[13:])


def is_codice_fiscale(text: bytes) -> bool:
    """A day that may be, and the check letter of the fifteen characters."""
    upper = text.upper()
    odd = sum(_ODD_PLACES[byte] for byte in upper[:15:2])
    even = sum(byte - 48 if byte < 58 else byte - 65 for byte in upper[1:15:2])
    day = int(upper[9:11])
    return (1 <= day <= 31 or 41 <= day <= 71) and (odd + even) % 26 == upper[15] - 65


def is_cpf(text: bytes) -> bool:
    """Two check digits, each modulo 11 over all digits before it; never the same digit throughout."""
    digits = read_digits(text)
    first = weigh(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weigh(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == [first, second] and len(set(digits)) > 1


def is_nino(text: bytes) -> bool:
    """Not a prefix that is never given out."""
    return text[:2].upper() not in (b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ")


def is_german_tax_number(text: bytes) -> bool:
    """Among the first ten digits one stands twice or three times; the last is the check digit."""
    digits = read_digits(text)
    counts = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    return digits[0] != 0 and counts[-1] in (2, 3) and counts[-2] == 1 and passes_mod_11_10(digits)


def is_bsn(text: bytes) -> bool:
    """The eleven test: weights 9 to 2, and -1 for the last digit."""
    digits = read_digits(text)
    return any(digits) and weigh(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def is_dni(text: bytes) -> bool:
    """The letter follows from the number modulo 23; X, Y and Z of foreigners stand for 0, 1 and 2."""
    compact = text.upper().replace(b"-", b"").replace(b" ", b"").replace(b".", b"")
    number = compact[:-1].translate(bytes.maketrans(b"XYZ", b"012"))
    return compact[-1] == b"TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def is_personnummer(text: bytes) -> bool:
    """A day that is in the calendar (from 61 for a coordination number), and Luhn over the last ten digits."""
    digits = read_digits(text)[-10:]
    year, month, day = (digits[place] * 10 + digits[place + 1] for place in (0, 2, 4))
    try:
        date(2000 + year, month, day - 60 if day > 60 else day)
    except ValueError:
        return False
    return passes_luhn(digits)


def is_pesel(text: bytes) -> bool:
    """Weights 1, 3, 7, 9 over ten digits; the last brings the sum to a multiple of ten."""
    digits = read_digits(text)
    month = (digits[2] * 10 + digits[3]) % 20
    total = weigh(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1))
    return 1 <= month <= 12 and any(digits) and total % 10 == 0
