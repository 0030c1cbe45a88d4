"""Who is involved in a request, and so has no say in it: who asks, who contributed, and whom those who ask name.

Whom somebody only names as an owner is barred where everybody who asks names them: else whoever joins a request could
bar all who may decide it. What such an owner says does not count for who named them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.person import is_any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model.approval_settings import ApprovalSettings
    from policy.records.requests.rows import Person

REQUESTER, CONTRIBUTOR, OWNER, WITHDRAWN = "requester", "contributor", "owner", "withdrawn"
WHY: Final = {
    REQUESTER: "asked for it",
    CONTRIBUTOR: "contributed to the project",
    OWNER: "is named as an owner of the project",
}


def list_asking(people: Sequence[Person]) -> list[Person]:
    """Who asks, without those who withdrew, each as they last did."""
    asking: dict[str, Person] = {}
    for one in people:  # in the order in which they came and went
        if one.part == REQUESTER:
            asking[one.id] = one
        elif one.part == WITHDRAWN:
            asking.pop(one.id, None)
    return list(asking.values())


def list_barred(people: Sequence[Person]) -> list[Person]:
    """Who has no say; an owner where all who ask name them."""
    asked = {one.seq for one in list_asking(people)}
    named: dict[str, set[int]] = {}
    for one in people:
        if one.part == OWNER:
            named.setdefault(one.id, set()).add(one.seq)
    return [one for one in people if one.part != OWNER or (asked and asked <= named[one.id])]


def find_involved(people: Sequence[Person], name: str, person: str, settings: ApprovalSettings) -> Person | None:
    """Whom of those who have no say somebody is, or may be."""
    for other in list_barred(people):
        if other.id == person or (other.name is not None and is_any(name, [other.name], settings.people)):
            return other
    return None
