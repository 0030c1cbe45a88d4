"""The keys of rows as they are shown: one that is no plain word may be an address or a token, and is left out."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "…"
# A word with digits in it that is longer may be a token.
_LONGEST, _LONGEST_WITH_DIGITS, _MOST_DIGITS = 40, 16, 3
_WORD = re.compile(r"[^\W\d][\w.$-]*")


def show_key(key: str) -> str:
    """The key, where it is a word as fields have them for names: of letters, and hardly any digits."""
    digits = sum(map(str.isdigit, key))
    longest = _LONGEST_WITH_DIGITS if digits else _LONGEST
    return key if len(key) <= longest and digits <= _MOST_DIGITS and _WORD.fullmatch(key) else HIDDEN
