"""A step of a run that was taken while the ledger was down, recorded afterwards: once, and never over a later one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from policy.records.planning import CLOCK
from policy.records.requests.clock import read_clock, read_time, write_time
from policy.records.runs.alike import find_index
from policy.records.runs.principals import identify_principal
from policy.records.runs.recording import check_said, draft_run
from policy.records.runs.rows import RunRow, check_row
from policy.records.spool import decode_draft
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from policy.records.ledger import Ledger
    from policy.records.objects import Draft
    from policy.records.spool_statements import Statement

_STEPS: Final = (
    "SELECT e.time, p.body FROM runs r JOIN entries e ON e.seq = r.seq LEFT JOIN payloads p ON p.seq = r.seq"
    " WHERE r.server = ? AND r.run = ? ORDER BY r.seq"
)


def record_step(ledger: Ledger, statement: Statement) -> bool:
    """Record it with its decision; whether it was on no record. Raises PolicyError, ValueError, KeyError, TypeError."""
    row, said = read_row(statement), dict(statement.said["said"])
    check_row(row)
    steps = [*list_steps(ledger, row)]
    if any(step.spooled == statement.id for step in steps):
        return False
    if any(step.time > statement.time for step in steps):
        # What it has become since stands: that it was changed, for one.
        raise ValueError(f"the run {row.run} has gone on since, and stays what it is")
    said["spooled"] = {"id": statement.id, "time": statement.time}
    check_said(row, said)
    stored = row._replace(principal=identify_principal(ledger, row.principal))
    # Under its own id, which MLflow shows, also where another decision of that day is alike.
    decisions = filter(None, [read_decision(statement, stored.principal)])
    ledger.append([*decisions, draft_run(stored, said)])
    return True


def record_refusal(ledger: Ledger, statement: Statement) -> bool:
    """Record a decision by which no run began; whether it was on no record. Raises as `record_step`."""
    principal = statement.said["principal"]
    draft = read_decision(statement, identify_principal(ledger, principal))
    if draft is None or ledger.find_decision(find_index(draft).decision_id) is not None:
        return False
    ledger.append([draft])
    return True


def read_row(statement: Statement) -> RunRow:
    """The step. Raises KeyError or TypeError."""
    return RunRow(**statement.said["row"])


def read_decision(statement: Statement, principal: str) -> Draft | None:
    """The decision, with the id of who asked for it, which only the ledger knows; None where an earlier one counts."""
    if statement.said["decision"] is None:
        return None
    draft = decode_draft(statement.said["decision"])
    return draft._replace(payload={**draft.payload, "actor": principal or None})


class Step(NamedTuple):
    """A step of a run that is recorded: when it was taken, by this machine's clock; and which one of a spool it was."""

    time: str
    spooled: str


def list_steps(ledger: Ledger, row: RunRow) -> Iterator[Step]:
    """The steps of a run that are recorded, the first one first."""
    lead: timedelta | None = None
    for recorded, body in ledger.read(_STEPS, row.key):
        said = json.loads(body) if body is not None else {}
        spooled = said.get("spooled")
        if isinstance(spooled, dict):
            # It was recorded when it was replayed.
            yield Step(spooled["time"], spooled["id"])
        else:
            lead = measure_lead(ledger) if lead is None else lead
            # No entry is older than the one before it: what the clock said is in what it says.
            yield Step(write_time(read_time(said.get(CLOCK, recorded)) - lead), "")


def measure_lead(ledger: Ledger) -> timedelta:
    """By how much the clock that entries go by is ahead of this machine's."""
    stated = ledger.appender.now
    return read_time(read_clock(ledger, stated() if stated else None)) - datetime.now(UTC)
