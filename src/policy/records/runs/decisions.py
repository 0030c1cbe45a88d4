"""Recording a decision that begins no run, once however often somebody tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.records.runs.alike import find_alike

if TYPE_CHECKING:
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft


def record_decision(ledger: Ledger, decision: Draft) -> None:
    """Record it, unless the same one of that day is on record; durable when it returns. Raises LedgerError."""
    if find_alike(ledger.read, decision) is None:
        ledger.append([decision._replace(joins=True)])
