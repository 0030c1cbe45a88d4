"""What a report on a preview may look at beside what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.reports.diff.view import SideView


class PreviewContext(NamedTuple):
    """The new policy set, the ledger by name and id, and which decisions were asked about; None for all.

    Times are as decisions have them. With `at` all were judged as at that time, else each as at its own; the waivers
    of the new set count as at `time`.
    """

    new: SideView
    ledger: str
    ledger_id: str
    since: str
    until: str
    time: str
    gate: str | None = None
    project: str | None = None
    at: str | None = None
    colour: bool = False
