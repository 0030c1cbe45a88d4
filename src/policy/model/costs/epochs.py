"""How often a provider goes through the examples where nobody says how often."""

from __future__ import annotations

_USUAL = 3
_FEWEST, _MOST = 1, 25
_FEWEST_SEEN, _MOST_SEEN = 100, 25_000


def estimate_epochs(rows: int) -> int:
    """OpenAI's default epochs for at least one row, as its data-preparation guide counts them.

    Three, unless rows x epochs would leave 100 to 25,000; never fewer than 1 or more than 25.
    """
    if rows * _USUAL < _FEWEST_SEEN:
        return min(_MOST, _FEWEST_SEEN // rows)
    if rows * _USUAL > _MOST_SEEN:
        return max(_FEWEST, _MOST_SEEN // rows)
    return _USUAL
