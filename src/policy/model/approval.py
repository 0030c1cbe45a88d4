"""A person's recorded yes to a held decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Approval(NamedTuple):
    """A yes, bound by `stake` to what was at stake, and to the gate; after `expires` it no longer counts."""

    by: str
    requested_by: str
    gate: str
    stake: str
    expires: datetime | None = None

    @property
    def is_independent(self) -> bool:
        """Whether the approver is another person than the requester; nobody is without a name."""
        names = (fold_name(self.by), fold_name(self.requested_by))
        return all(names) and names[0] != names[1]

    def is_current(self, gate: str, stake: str, now: datetime) -> bool:
        """Whether it was given for what is at stake now, at this gate."""
        return self.gate == gate and self.stake == stake and (self.expires is None or now < self.expires)


def fold_name(name: str) -> str:
    """The name without differences of case, spacing and Unicode form, which make nobody another person."""
    if not name.isascii():
        from unicodedata import normalize  # a shared library that plain names do not need

        name = normalize("NFKC", name)
    return " ".join(name.casefold().split())


def has_words(text: str) -> bool:
    """Whether there is anything to read in a text: a letter or a digit, and not only what cannot be seen."""
    return any(character.isalnum() for character in text)
