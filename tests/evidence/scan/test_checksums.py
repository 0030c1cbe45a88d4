from __future__ import annotations

import pytest

from policy.evidence.scan.checksums import passes_luhn, passes_mod_11_10, passes_mod_97, read_digits, weigh

# Examples of the standards and the offices that give the numbers out.
RIGHT = [
    (passes_luhn, b"79927398713"),
    (passes_luhn, b"8112189876"),
    (passes_mod_11_10, b"86095742719"),
    (passes_mod_11_10, b"47036892816"),
    (passes_mod_11_10, b"65929970489"),
]


@pytest.mark.parametrize(("passes", "number"), RIGHT)
def test_any_other_digit_is_wrong(passes, number):
    digits = read_digits(number)
    assert passes(digits)
    for place, digit in enumerate(digits):
        for other in set(range(10)) - {digit}:
            assert not passes([*digits[:place], other, *digits[place + 1 :]])


@pytest.mark.parametrize("account", [b"GB82WEST12345698765432", b"DE89370400440532013000", b"NO9386011117947"])
def test_any_other_character_of_an_account_is_wrong(account):
    assert passes_mod_97(account)
    for place, character in enumerate(account):
        other = b"1" if character == 48 else b"0"
        assert not passes_mod_97(account[:place] + other + account[place + 1 :])


def test_digits_are_read_without_what_stands_between_them():
    assert read_digits(b"12-3 x4") == [1, 2, 3, 4]


def test_every_digit_has_a_weight():
    assert weigh((1, 2), (3, 4)) == 11
    with pytest.raises(ValueError, match="zip"):
        weigh((1, 2), (3,))
