"""What entries of requests and approvals are about: the request and its project, by what the entries themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.requests.checking import TYPES
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.records.snapshot import Snapshot

OPENING: Final = "request"
OF_REQUESTS: Final = (*TYPES, "delegation")


class About(NamedTuple):
    """A request, or a delegation, which has no project."""

    request: str
    project: str = ""
    gate: str = ""


def find_requests(snapshot: Snapshot, entries: Iterable[tuple[int, str]]) -> dict[int, About]:
    """By the number of each entry of such a type what it is about; erased ones say nothing."""
    found = {
        seq: read_about(snapshot, seq, entry.payload)
        for seq, kind in entries
        if kind in OF_REQUESTS and (entry := snapshot.get_entry(seq)) is not None
    }
    known = {about.request: about for about in found.values() if about.project}
    wanted = {about.request for about in found.values() if about.request} - known.keys()
    # Not every step repeats what was said when it was asked, most often not long before.
    openings = reversed(snapshot.read_typed(OPENING)) if wanted else ()
    for seq, _, digest in openings:
        about = read_about(snapshot, seq, digest)
        if about.request in wanted and about.project:
            known[about.request] = about
            wanted.remove(about.request)
        if not wanted:
            break
    return {seq: known.get(about.request, about) for seq, about in found.items()}


def read_about(snapshot: Snapshot, seq: int, digest: str) -> About:
    """What one entry says of it."""
    said = snapshot.read_said(seq, digest) or {}
    return About(*(_read_text(said.get(name)) for name in About._fields))


def _read_text(value: Any) -> str:
    return value if isinstance(value, str) else ""
