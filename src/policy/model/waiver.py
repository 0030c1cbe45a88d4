"""A dated exception to one policy for one subject."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import date


class Waiver(NamedTuple):
    """An exception: `subject` is a glob of project names; it holds to the end of the day `expires`."""

    policy: str
    subject: str
    reason: str
    expires: date
    owner: str = ""
    ticket: str = ""
    approved_by: str = ""

    def covers(self, policy: str, project: str, today: date) -> bool:
        """Whether it excepts this policy for this project on this day."""
        return self.policy == policy and today <= self.expires and fnmatchcase(project, self.subject)
