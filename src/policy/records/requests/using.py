"""Using an approval: it covers so many runs, each counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.records.requests.desk import open_desk, refuse_state
from policy.records.requests.refusals import check_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from policy.records.ledger import Ledger


class Used(NamedTuple):
    """How many runs have used an approval, of how many (None: any number); `again` where this one had before."""

    uses: int
    runs: int | None
    again: bool


_MAY_USE = (
    "id = ? AND state = 'approved' AND ends > {now} AND uses < coalesce(runs, uses + 1)"
    " AND NOT EXISTS (SELECT 1 FROM request_uses u WHERE u.request = requests.id AND u.run = ?)"
)


def use(ledger: Ledger, request_id: str, run: str, *, now: datetime | None = None) -> Used:
    """Count a run on an approval; the same run is counted once. Raises RefusedError where none is left."""
    check_name(run, "id of the run")
    with open_desk(ledger, now) as desk:
        row = desk.find(request_id)
        if desk.session.read("SELECT 1 FROM request_uses WHERE request = ? AND run = ?", (row.id, run)):
            return Used(row.uses, row.runs, again=True)
        if row.state != "approved" or not desk.swap("uses = uses + 1", _MAY_USE, (row.id, run)):
            raise refuse_state(row, row.state_at(desk.clock), "use")
        said = {"event": "used", "kind": row.kind, "run": run, "uses": row.uses + 1, "runs": row.runs}
        seq = desk.note("use", row.id, said)
        desk.insert("request_uses", (row.id, run, seq))
        desk.insert("request_events", (seq, row.id, "used"))
        return Used(row.uses + 1, row.runs, again=False)
