"""Recording a decision that begins no run, once however often somebody tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.records.runs.alike import find_alike, find_index

if TYPE_CHECKING:
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft


def record_decision(ledger: Ledger, decision: Draft) -> str:
    """Record it, unless the same one of that day is on record; durable when it returns. Raises LedgerError.

    Gives the id by which it is on record.
    """
    known = find_alike(ledger.read, decision)
    if known is None:
        ledger.append([decision._replace(joins=True)])
        # Somebody else may have recorded the same meanwhile.
        known = find_alike(ledger.read, decision)
    return known or find_index(decision).decision_id


def find_verdict(ledger: Ledger, decision_id: str) -> str:
    """The verdict of a decision, whatever the mode of an experiment left of it; empty where it is on no record."""
    rows = ledger.read("SELECT verdict FROM decisions WHERE decision_id = ?", (decision_id,))
    return str(rows[0][0]) if rows else ""
