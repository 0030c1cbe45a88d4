"""Whether something was in time by when its entry was appended, which is no earlier than the one before it.

What who did it says of the time is not believed: a clock can be set back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.requests.clock import tell_time
from policy.records.requests.queries import find_time, read_payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.database import Session
    from policy.records.requests.rows import Delegation, Row

_BETWEEN: Final = "SELECT seq FROM entries WHERE type = 'delegation' AND seq > ? AND seq < ? ORDER BY seq"


def is_in_force(session: Session, delegation: Delegation, seq: int) -> bool | None:
    """Whether a delegation held when an entry was appended; None where its own entry does not say so any more.

    Raises LedgerError where what an entry says was changed.
    """
    if delegation.seq >= seq:
        return False
    said = read_payload(session, delegation.seq)
    stated = {
        "event": "delegated",
        "request": delegation.id,
        "giver": delegation.giver.id,
        "taker": delegation.taker.id,
    }
    if not isinstance(said, dict) or any(said.get(key) != one for key, one in stated.items()):
        return None
    ends = min(_list_ends(session, delegation, str(said.get("ends")), seq))
    return str(said.get("starts")) <= find_time(session, seq) < ends


def _list_ends(session: Session, delegation: Delegation, stated: str, seq: int) -> list[str]:
    """When it was to end, by all that was said of that before an entry."""
    ends = [stated]
    for (between,) in session.read(_BETWEEN, (delegation.seq, seq)):
        said = read_payload(session, between)
        if not isinstance(said, dict):
            # It is erased, and may have been what ended it: the table still says when that was.
            ends.append(delegation.ends)
        elif (said.get("event"), said.get("request")) == ("revoked", delegation.id):
            ends.append(str(said.get("ends")))
    return ends


def is_in_time(session: Session, row: Row, decided: Mapping[str, Any] | None) -> bool:
    """Whether a request was still open when it was decided, by what was said when it was asked for."""
    opening = read_payload(session, row.seq)
    if opening is None:
        # It is erased.
        expires = row.expires
    elif isinstance(opening, dict) and (opening.get("event"), opening.get("request")) == ("asked", row.id):
        expires = str(opening.get("expires"))
    else:
        return False
    time = find_time(session, row.decided or 0)
    return tell_stated(time, decided or {}, opening or {}) < expires


def tell_stated(time: str, said: Mapping[str, Any], opening: Mapping[str, Any]) -> str:
    """When something happened to a request: what came from a spool as a whole says that itself, and is signed."""
    spooled = said.get("spooled")
    return tell_time(time, said) if spooled is not None and spooled == opening.get("spooled") else time
