"""The last no to something: whoever asks for the same again is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.records.faults import LedgerError
from policy.records.requests.asking import APPROVAL
from policy.records.requests.clock import tell_time
from policy.records.requests.confirming import is_recorded
from policy.records.requests.desk import open_session
from policy.records.requests.queries import find_name, find_rows, find_time, read_payload
from policy.records.requests.voting import REJECT
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.approval_settings import ApprovalSettings, Terms
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Row

DECIDED = ("approved", "rejected")


class Rejection(NamedTuple):
    """A no: to which request, by whom and perhaps for whom, why, when."""

    request: str
    by: str
    behalf: str
    reason: str
    time: str


def find_rejection(
    ledger: Ledger, project: str, gate: str, stake: str, terms: Terms, settings: ApprovalSettings
) -> Rejection | None:
    """The no that was said last to what is at stake, by somebody who may decide on it; None where a yes came later.

    Raises LedgerError.
    """
    with open_session(ledger) as session:
        same = {"kind": APPROVAL, "project": project, "gate": gate, "stake": stake}
        rows = [row for row in find_rows(session, **same) if row.state in DECIDED and row.decided is not None]
        for row in sorted(rows, key=lambda row: row.decided or 0, reverse=True):
            found = _read_rejection(session, row, terms, settings)
            if found is not None or row.state != "rejected":
                return found
    return None


def _read_rejection(session: Any, row: Row, terms: Terms, settings: ApprovalSettings) -> Rejection | None:
    """None where the entry of the decision says something else, or nobody who may decide said it."""
    try:
        said = read_payload(session, row.decided) if row.decided is not None else None
    except LedgerError as error:
        if error.kind != "corrupt":
            raise
        # `policy ledger verify` says so; it is no reason to stop whoever asks.
        return None
    if not isinstance(said, dict) or not is_recorded(row, said) or said["event"] != REJECT:
        return None
    by, behalf = find_name(session, said["person"]), find_name(session, said["behalf"]) if said["behalf"] else None
    owner = (behalf or by).name
    if owner is None or not terms.admits(owner, settings):
        return None
    time = tell_time(find_time(session, row.decided or 0), said)
    return Rejection(row.id, by.shown, behalf.shown if behalf is not None else "", str(said["reason"]), time)
