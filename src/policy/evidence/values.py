"""Scalars of training configs read as their tools read them: YAML 1.1 words and numbers, quoted or not."""

from __future__ import annotations

from math import isfinite

_TRUE = frozenset(("true", "yes", "on", "y", "t", "1"))
_FALSE = frozenset(("false", "no", "off", "n", "f", "0"))
_NUMERIC = frozenset("0123456789+-._eE")
_INTEGRAL = frozenset("0123456789abcdefABCDEFxo+-_")
# No count or seed is longer, and long digit strings are slow to convert.
_LONGEST = 40
_LARGEST = 2**53


def read_boolean(text: str) -> bool | None:
    """True or false as YAML 1.1 and the tools' own parsers spell them; None for anything else."""
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def read_integer(text: str) -> int | None:
    """A whole number within ±2^53: decimal, `0x1f`, octal as `0o17` or YAML 1.1's `017`, or a float such as `3.0`."""
    if len(text) <= _LONGEST and _INTEGRAL.issuperset(text):
        # Base 0 goes by the prefix and refuses a leading zero, which makes a number octal in YAML 1.1.
        for base in (0, 8):
            try:
                number = int(text, base)
            except ValueError:
                continue
            return number if abs(number) <= _LARGEST else None
    value = read_number(text)
    return int(value) if value is not None and value.is_integer() and abs(value) <= _LARGEST else None


def read_number(text: str) -> float | None:
    """A finite number; `1e-5` counts as one, although YAML 1.1 takes it for text, because the tools convert it."""
    if len(text) > _LONGEST or not _NUMERIC.issuperset(text):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None
