"""The tables of notices, by name and columns. They are on no record: what they tell of is."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "notices": (
        "webhook",
        "id",
        "number",
        "request",
        "event",
        "body",
        "made",
        "due",
        "tries",
        "lease",
        "state",
        "said",
    ),
    # Up to which entry a webhook has its notices, and when somebody last looked after it.
    "notice_marks": ("webhook", "seq", "seen"),
}
UNGUARDED: Final = tuple(COLUMNS)
"""Tables whose rows change and go again."""
