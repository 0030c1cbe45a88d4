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
    """The name without what makes nobody another person: letter case, width, spacing, what cannot be seen.

    The directories of ledgers keep names as it gives them, for good: a change of it would hide who is there.
    """
    if name.isascii():
        return " ".join(name.casefold().split())
    from unicodedata import category, normalize  # a shared library that plain names do not need

    seen = "".join(letter for letter in normalize("NFKC", name) if category(letter) != "Cf")
    return " ".join(normalize("NFKC", seen.casefold()).split())


def is_plain(name: str) -> bool:
    """Whether nothing of a name cannot be seen: whose name looks like another's only bars, and entitles nobody."""
    if name.isascii():
        return True
    from unicodedata import category

    return all(category(letter) != "Cf" for letter in name)


def has_words(text: str) -> bool:
    """Whether there is anything to read in a text: a letter or a digit, and not only what cannot be seen."""
    return any(character.isalnum() for character in text)
